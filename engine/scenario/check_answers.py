"""Problems of recognition: digits that collide, words that never match, times that cannot be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import combinations

from engine.domain.text import mark
from engine.scenario.document import KEYS, Digits, DigitsInput, Node, Recognition, Words
from engine.scenario.problem import Problem, error, warning
from engine.scenario.synonyms import SETS
from engine.scenario.words import expand, holds, is_empty, is_unknown_set, tokens, vocabulary

MAX_DIGITS = 32
MAX_WAIT_S = 120
MAX_REPEATS = 10
MAX_ENTRIES = 200
"""Words and phrases of one branch; more than anyone keeps in mind, and few enough to compare in pairs."""


def recognition_problems(node: Node, recognition: Recognition) -> Iterator[Problem]:
    """All problems of one node's recognition."""
    if not recognition.branches:
        yield error(node.id, "branches_missing", mark("A recognition needs at least one answer"))
    if node.play is None:
        yield warning(node.id, "recognition_without_play", mark("An answer is awaited but nothing is asked"))
    if recognition.timeout_s is not None and not 1 <= recognition.timeout_s <= MAX_WAIT_S:
        yield error(node.id, "timeout_bad", mark("An answer can be awaited for 1 to {limit} seconds"), limit=MAX_WAIT_S)
    if not 0.5 <= recognition.interdigit_s <= 30:
        yield error(node.id, "interdigit_bad", mark("The pause between keys must be 0.5 to 30 seconds"))
    if not 0 <= recognition.repeats <= MAX_REPEATS:
        yield error(node.id, "repeats_bad", mark("A question can be repeated 0 to {limit} times"), limit=MAX_REPEATS)
    conditions = [branch.when for branch in recognition.branches]
    yield from _code_problems(node.id, [when.digits for when in conditions if isinstance(when, Digits)])
    inputs = [when for when in conditions if isinstance(when, DigitsInput)]
    yield from _input_problems(node.id, inputs)
    yield from _mixed_problems(node.id, [when.digits for when in conditions if isinstance(when, Digits)], inputs)
    yield from _words_problems(node.id, [when for when in conditions if isinstance(when, Words)])


def unheard_problems(
    node: str, recognition: Recognition, unheard: Callable[[Sequence[str]], Collection[str]]
) -> Iterator[Problem]:
    """Words of the answers that the recogniser in use can never hear."""
    options = [branch.when for branch in recognition.branches if isinstance(branch.when, Words)]
    for word in unheard(vocabulary(options)):
        yield warning(
            node, "words_unheard", mark("The recogniser does not know “{word}” and never hears it"), word=word
        )


def _code_problems(node: str, codes: list[str]) -> Iterator[Problem]:
    for code in codes:
        if not 1 <= len(code) <= MAX_DIGITS or any(sign not in KEYS for sign in code):
            yield error(node, "digits_bad", mark("“{digits}” cannot be keyed in: use 0-9, * and #"), digits=code)
    for code, count in Counter(codes).items():
        if count > 1:
            yield error(
                node, "digits_duplicate", mark("{count} branches wait for “{digits}”"), count=count, digits=code
            )
    for short in dict.fromkeys(codes):
        for long in dict.fromkeys(codes):
            if short and long != short and long.startswith(short):
                yield warning(
                    node,
                    "digits_prefix",
                    mark("“{short}” begins “{long}”: after it the robot waits for a key"),
                    short=short,
                    long=long,
                )


def _input_problems(node: str, inputs: list[DigitsInput]) -> Iterator[Problem]:
    for when in inputs:
        if not 1 <= when.min <= when.max <= MAX_DIGITS:
            yield error(
                node,
                "input_range_bad",
                mark("A number keyed in has 1 to {limit} digits, the least not above the most"),
                limit=MAX_DIGITS,
            )
        if not when.save_as.strip() or any(sign in "{}" for sign in when.save_as):
            yield error(node, "save_as_bad", mark("Name the field that keeps the number keyed in"))
    for one, other in combinations(inputs, 2):
        if one.min <= other.max and other.min <= one.max:
            yield error(node, "inputs_overlap", mark("Two branches wait for a number of the same length"))


def _mixed_problems(node: str, codes: list[str], inputs: list[DigitsInput]) -> Iterator[Problem]:
    for when in inputs:
        for code in codes:
            if when.terminator and code == when.terminator:
                yield warning(node, "digits_terminator", mark("“{digits}” also ends the number keyed in"), digits=code)
            elif code.isdecimal() and len(code) <= when.max:
                yield warning(
                    node,
                    "digits_prefix",
                    mark("“{short}” begins “{long}”: after it the robot waits for a key"),
                    short=code,
                    long=when.save_as,
                )


def _words_problems(node: str, options: list[Words]) -> Iterator[Problem]:
    for words in options:
        entries = (*words.contains, *words.excludes)
        if max(len(words.contains), len(words.excludes)) > MAX_ENTRIES:
            yield error(node, "words_too_many", mark("An answer has more than {limit} words"), limit=MAX_ENTRIES)
            continue
        for entry in entries:
            if is_unknown_set(entry):
                known = ", ".join(SETS)
                yield error(
                    node, "words_set_unknown", mark("There is no list “{set}”: use {known}"), set=entry, known=known
                )
        if not words.contains or any(is_empty(entry) for entry in entries):
            yield error(node, "words_empty", mark("Give the words that the answer contains"))
        for entry in words.contains:
            if any(holds(entry, other) for other in words.excludes):
                yield warning(node, "words_excluded", mark("“{words}” is both expected and excluded"), words=entry)
    meant = ({tokens(part) for text in words.contains for part in expand(text)} for words in options)
    for found, count in Counter(entry for entries in meant for entry in entries if entry).items():
        if count > 1:
            yield warning(
                node,
                "words_duplicate",
                mark("“{words}” leads to {count} branches: the first is taken"),
                words=" ".join(found),
                count=count,
            )
