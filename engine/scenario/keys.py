"""Which branch the keys pressed so far belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from engine.scenario.document import Branch, Digits, DigitsInput


@dataclass(frozen=True, slots=True)
class Taken:
    """``branch`` is the index among the branches, ``value`` what was keyed in, without the terminator."""

    branch: int
    value: str


class Undecided(Enum):
    MORE = auto()
    """Further keys could still decide otherwise."""
    NO_MATCH = auto()


def wants_keys(branches: Sequence[Branch]) -> bool:
    return any(isinstance(branch.when, Digits | DigitsInput) for branch in branches)


def read(branches: Sequence[Branch], keyed: str) -> Taken | Undecided:
    """What ``keyed`` (the last key included) means while further keys may follow.

    A complete branch waits (MORE) as long as a longer one begins with the same keys; the inter-digit time-out
    ``settle``s it.
    """
    ended = _ended(branches, keyed)
    if ended is not None:
        return ended
    if any(_may_grow(branch, keyed) for branch in branches):
        return Undecided.MORE
    return settle(branches, keyed)


def settle(branches: Sequence[Branch], keyed: str) -> Taken | Undecided:
    """What ``keyed`` means when no further key comes: the first exact code, else the first input it is long enough
    for.
    """
    for index, branch in enumerate(branches):
        if isinstance(branch.when, Digits) and branch.when.digits == keyed:
            return Taken(index, keyed)
    for index, branch in enumerate(branches):
        if isinstance(branch.when, DigitsInput) and _fits(branch.when, keyed):
            return Taken(index, keyed)
    return Undecided.NO_MATCH


def _fits(when: DigitsInput, keyed: str) -> bool:
    return keyed.isdecimal() and when.min <= len(keyed) <= when.max


def _ended(branches: Sequence[Branch], keyed: str) -> Taken | None:
    """The input that the last key terminates, if no code is spelt that way."""
    if any(isinstance(branch.when, Digits) and branch.when.digits == keyed for branch in branches):
        return None
    for index, branch in enumerate(branches):
        when = branch.when
        if isinstance(when, DigitsInput) and when.terminator and keyed.endswith(when.terminator):
            value = keyed.removesuffix(when.terminator)
            if _fits(when, value):
                return Taken(index, value)
    return None


def _may_grow(branch: Branch, keyed: str) -> bool:
    when = branch.when
    if isinstance(when, Digits):
        return len(when.digits) > len(keyed) and when.digits.startswith(keyed)
    if isinstance(when, DigitsInput):
        return keyed.isdecimal() and len(keyed) < when.max
    return False
