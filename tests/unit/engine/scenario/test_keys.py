from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.scenario.document import Branch, Digits, DigitsInput, Node, When
from engine.scenario.keys import Taken, Undecided, read, settle

MORE, NO_MATCH = Undecided.MORE, Undecided.NO_MATCH


def branches(*conditions: str | DigitsInput) -> tuple[Branch, ...]:
    wanted: list[When] = [Digits(digits=when) if isinstance(when, str) else when for when in conditions]
    return tuple(Branch(when=when, then=Node(id="x")) for when in wanted)


ORDER = DigitsInput(min=3, max=5, terminator="#", save_as="order")
OPEN_END = DigitsInput(min=2, max=4, terminator="", save_as="code")


@pytest.mark.parametrize(
    ("conditions", "keyed", "now", "at_last"),
    [
        (("1", "2"), "1", Taken(0, "1"), Taken(0, "1")),
        (("1", "2"), "3", NO_MATCH, NO_MATCH),
        (("*", "#", "0"), "#", Taken(1, "#"), Taken(1, "#")),
        (("1", "12"), "1", MORE, Taken(0, "1")),
        (("1", "12"), "12", Taken(1, "12"), Taken(1, "12")),
        (("1", "12"), "13", NO_MATCH, NO_MATCH),
        (("1234",), "123", MORE, NO_MATCH),
        ((ORDER,), "12", MORE, NO_MATCH),
        ((ORDER,), "123", MORE, Taken(0, "123")),
        ((ORDER,), "123#", Taken(0, "123"), NO_MATCH),
        ((ORDER,), "12#", NO_MATCH, NO_MATCH),
        ((ORDER,), "12345", Taken(0, "12345"), Taken(0, "12345")),
        ((ORDER,), "1*", NO_MATCH, NO_MATCH),
        ((OPEN_END,), "12#", NO_MATCH, NO_MATCH),
        ((OPEN_END,), "1234", Taken(0, "1234"), Taken(0, "1234")),
        (("#", ORDER), "#", Taken(0, "#"), Taken(0, "#")),
        ((ORDER, "123#"), "123#", Taken(1, "123#"), Taken(1, "123#")),
        (("0", ORDER), "0", MORE, Taken(0, "0")),
        (("12345", ORDER), "12345", Taken(0, "12345"), Taken(0, "12345")),
    ],
)
def test_what_keys_mean(
    conditions: tuple[str | DigitsInput, ...], keyed: str, now: Taken | Undecided, at_last: Taken | Undecided
) -> None:
    assert read(branches(*conditions), keyed) == now
    assert settle(branches(*conditions), keyed) == at_last


@given(st.lists(st.text("0123456789*#", min_size=1, max_size=4), min_size=1, max_size=6), st.data())
def test_every_code_can_be_reached_by_keying_it_in(codes: list[str], data: st.DataObject) -> None:
    choices = branches(*codes)
    code = data.draw(st.sampled_from(codes))
    for length in range(1, len(code)):
        if read(choices, code[:length]) is not MORE:
            raise AssertionError(f"{code[:length]} of {code} was taken too early")
    assert settle(choices, code) == Taken(codes.index(code), code)
