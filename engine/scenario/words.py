"""«Содержит слова»: which branch speech belongs to.

Whole words only; case, ё/е, word forms and the spelling of numbers make no difference. One entry of several words
matches them in any order; an entry in quotes matches them side by side; ``@yes`` and ``@no`` stand for the lists of
``synonyms``. A word that «не» denies is another word: «не интересно» holds no «интересно» unless the entry says «не»
too. The longest match wins: words; then what the customer has written himself before a member of a list, for «давайте
потом» is no «давайте»; then letters. Equal ones go by the order of branches.

Which forms belong to one word is told from outside (``Forms``), for a dictionary of Russian is no part of a pure
package; nothing else knows how words compare.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from engine.scenario import numbers_ru
from engine.scenario.document import Words
from engine.scenario.synonyms import SETS

Forms = Callable[[str], frozenset[str]]
"""The dictionary forms that a word (lower case, ё as е) may have; two words are the same when they share one. Must
always answer the same, and be hashable.
"""

_Rank = tuple[int, bool, int]
_WORD = re.compile(r"\w+")
_QUOTES = (("«", "»"), ('"', '"'), ("“", "”"), ("„", "“"), ("'", "'"))
_NOT = frozenset({"не", "ни"})
_BETWEEN = frozenset("очень совсем особо особенно слишком сильно так настолько то уж вовсе больно прям прямо".split())
"""What may stand between «не» and the word that it denies."""
_FUSED = {
    f"не{word}": ("не", word)
    for word in (
        "интересно интересен интересна интересует удобно актуально надо нужно нужен нужна хочу буду согласен согласна верно "
        "правильно подходит планирую"
    ).split()
}
"""Recognisers and people write these in one word; they mean the same."""


@dataclass(frozen=True, slots=True)
class Match:
    """``option`` is the index among the options; ``entry`` the entry of ``contains`` that was found."""

    option: int
    entry: str


@dataclass(frozen=True, slots=True)
class _Word:
    """``denied``: a «не» belongs to it."""

    forms: frozenset[str]
    denied: bool

    def same(self, other: _Word) -> bool:
        return not self.forms.isdisjoint(other.forms)


@dataclass(frozen=True, slots=True)
class _Entry:
    """``together``: side by side, in this order; else ``words`` are without the «не» that they carry."""

    words: tuple[_Word, ...]
    together: bool
    size: tuple[int, int]

    def found(self, said: tuple[_Word, ...]) -> bool:
        length = len(self.words)
        if self.together:
            return any(self._begins(said[at : at + length]) == length for at in range(len(said) - length + 1))
        return self._count(said) == length

    def may_follow(self, said: tuple[_Word, ...]) -> bool:
        """True when a part of this entry has been said, and what comes next could be the rest."""
        length = len(self.words)
        if not self.together:
            return 0 < self._count(said) < length
        return any(self._begins(said[-part:]) == part for part in range(1, min(length, len(said) + 1)))

    def _begins(self, said: tuple[_Word, ...]) -> int:
        """How many words of ``said`` are the first of this phrase."""
        if said and said[0].denied and not self.words[0].denied:
            return 0
        pairs = zip(self.words, said, strict=False)
        most = min(len(said), len(self.words))
        return next((at for at, (mine, other) in enumerate(pairs) if not mine.same(other)), most)

    def _count(self, said: tuple[_Word, ...]) -> int:
        """How many words of this entry are in ``said``, each with a word of its own."""
        left = list(said)
        for mine in self.words:
            found = next((other for other in left if mine.denied == other.denied and mine.same(other)), None)
            if found is not None:
                left.remove(found)
        return len(said) - len(left)


def as_written(word: str) -> frozenset[str]:
    """The ``Forms`` of a language without a dictionary: a word is only itself."""
    return frozenset((word,))


def tokens(text: str) -> tuple[str, ...]:
    """The words of ``text`` in the form in which they are compared, numbers as digits."""
    plain = _WORD.findall(text.casefold().replace("ё", "е"))
    return numbers_ru.joined(part for word in plain for part in _FUSED.get(word, (word,)))


def expand(entry: str) -> tuple[str, ...]:
    """The entries that ``entry`` stands for: of a set its members, else itself; none for a set that does not exist."""
    name = entry.strip().lower()
    return SETS.get(name, ()) if name.startswith("@") else (entry,)


def is_unknown_set(entry: str) -> bool:
    """True for ``@name`` where no such set exists."""
    return entry.strip().startswith("@") and not expand(entry)


def is_empty(entry: str) -> bool:
    """True for an entry that holds no word and so never matches."""
    return not tokens(entry)


def holds(text: str, entry: str) -> bool:
    """True when ``entry`` matches ``text``, word forms aside."""
    said = _heard(text, as_written)
    return any(part.found(said) for part in _compiled(entry, as_written))


def vocabulary(options: Sequence[Words], *, numbers: bool = False) -> tuple[str, ...]:
    """All entries, contained and excluded, each once, as they are spoken (no quotes, numbers as words); with
    ``numbers`` every number word too. What a recogniser's grammar is built of.
    """
    entries = (part for option in options for entry in (*option.contains, *option.excludes) for part in expand(entry))
    phrases: dict[tuple[str, ...], str] = {}
    for entry in entries:
        if not is_empty(entry):
            phrases.setdefault(tokens(entry), _spoken(entry))
    return tuple(dict.fromkeys((*phrases.values(), *(numbers_ru.words() if numbers else ()))))


def choose(options: Sequence[Words], text: str, *, final: bool, forms: Forms = as_written) -> Match | None:
    """The option that ``text`` belongs to, or None.

    While the person still speaks (not ``final``) only a match that one option alone has is taken, and only when no
    «не» hangs in the air and no longer phrase has begun that would change it: else the rest of the sentence decides.
    """
    said = _heard(text, forms)
    matches: list[tuple[_Rank, Match]] = []
    for index, option in enumerate(options):
        if any(part.found(said) for excluded in option.excludes for part in _compiled(excluded, forms)):
            continue
        found = [
            (_rank(part, entry), entry)
            for entry in option.contains
            for part in _compiled(entry, forms)
            if part.found(said)
        ]
        if found:
            size, entry = max(found, key=lambda pair: pair[0])
            matches.append((size, Match(index, entry)))
    if not matches or (not final and (len(matches) > 1 or _may_change(options, matches[0], said, text, forms))):
        return None
    return max(matches, key=lambda pair: (pair[0], -pair[1].option))[1]


def _may_change(
    options: Sequence[Words], match: tuple[_Rank, Match], said: tuple[_Word, ...], text: str, forms: Forms
) -> bool:
    """True when the words so far could grow into a longer entry of another option, or into this option's exclusion."""
    if _denies_next(tokens(text)):
        return True
    size, chosen = match
    others = (entry for index, option in enumerate(options) if index != chosen.option for entry in option.contains)
    longer = (part for entry in others for part in _compiled(entry, forms) if _rank(part, entry) > size)
    excluded = (part for entry in options[chosen.option].excludes for part in _compiled(entry, forms))
    return any(part.may_follow(said) for part in (*longer, *excluded))


def _rank(part: _Entry, entry: str) -> _Rank:
    """Of ``part``, which ``entry`` stands for: the greatest wins."""
    words, letters = part.size
    return words, not entry.strip().startswith("@"), letters


def _denies_next(words: Sequence[str]) -> bool:
    for word in reversed(words):
        if word not in _BETWEEN:
            return word in _NOT
    return False


@lru_cache(maxsize=8192)
def _compiled(text: str, forms: Forms) -> tuple[_Entry, ...]:
    return tuple(_entry(part, forms) for part in expand(text) if not is_empty(part))


def _entry(text: str, forms: Forms) -> _Entry:
    stripped = text.strip()
    together = any(len(stripped) > 1 and stripped.startswith(a) and stripped.endswith(b) for a, b in _QUOTES)
    words = tokens(stripped)
    heard = _heard(stripped, forms)
    if not together:  # a «не» that denies a word of the entry is that word's mark; one that denies nothing is a word
        denying = [word in _NOT and not _denies_next(words[at:]) for at, word in enumerate(words)]
        heard = tuple(word for word, is_mark in zip(heard, denying, strict=True) if not is_mark)
    return _Entry(heard, together, (len(words), sum(map(len, words))))


@lru_cache(maxsize=1024)
def _heard(text: str, forms: Forms) -> tuple[_Word, ...]:
    heard = []
    denied = False
    for word in tokens(text):
        if word in _NOT:
            denied = True
            heard.append(_Word(forms(word), False))
        else:
            heard.append(_Word(forms(word), denied))
            denied = denied and word in _BETWEEN
    return tuple(heard)


def _spoken(entry: str) -> str:
    words = _WORD.findall(entry.casefold())
    return " ".join(part for word in words for part in (numbers_ru.spelled(word) if _is_number(word) else (word,)))


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdecimal()
