"""«Содержит слова»: which branch speech belongs to.

Whole words only, case and ё/е make no difference. One entry of several words matches them in any order; an entry in
quotes matches them side by side. The longest match wins (words, then letters), equal ones by the order of branches.
Word forms and synonyms belong into ``tokens`` and ``_Entry.found``; nothing else knows how words compare.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.scenario.document import Words

_WORD = re.compile(r"\w+")
_QUOTES = (("«", "»"), ('"', '"'), ("“", "”"), ("„", "“"), ("'", "'"))


@dataclass(frozen=True, slots=True)
class Match:
    """``option`` is the index among the options; ``entry`` the entry of ``contains`` that was found."""

    option: int
    entry: str


@dataclass(frozen=True, slots=True)
class _Entry:
    words: tuple[str, ...]
    together: bool

    @property
    def size(self) -> tuple[int, int]:
        return len(self.words), sum(map(len, self.words))

    def found(self, said: tuple[str, ...]) -> bool:
        if not self.words:
            return False
        if not self.together:
            return set(self.words) <= set(said)
        length = len(self.words)
        return any(said[at : at + length] == self.words for at in range(len(said) - length + 1))


def tokens(text: str) -> tuple[str, ...]:
    """The words of ``text`` in the form in which they are compared."""
    return tuple(_WORD.findall(text.casefold().replace("ё", "е")))


def _entry(text: str) -> _Entry:
    stripped = text.strip()
    together = any(len(stripped) > 1 and stripped.startswith(a) and stripped.endswith(b) for a, b in _QUOTES)
    return _Entry(tokens(stripped), together)


def is_empty(entry: str) -> bool:
    """True for an entry that holds no word and so never matches."""
    return not tokens(entry)


def vocabulary(options: Sequence[Words]) -> tuple[str, ...]:
    """All entries, contained and excluded, without quotes, each once: what a recogniser's grammar is built of."""
    entries = (entry for option in options for entry in (*option.contains, *option.excludes))
    return tuple(dict.fromkeys(" ".join(tokens(entry)) for entry in entries if not is_empty(entry)))


def choose(options: Sequence[Words], text: str, *, final: bool) -> Match | None:
    """The option that ``text`` belongs to, or None.

    While the person still speaks (not ``final``) only a match that one option alone has is taken: with two in play the
    rest of the sentence decides.
    """
    said = tokens(text)
    matches: list[tuple[tuple[int, int], Match]] = []
    for index, option in enumerate(options):
        if any(_entry(excluded).found(said) for excluded in option.excludes):
            continue
        sizes = [(_entry(entry).size, entry) for entry in option.contains if _entry(entry).found(said)]
        if sizes:
            size, entry = max(sizes, key=lambda pair: pair[0])
            matches.append((size, Match(index, entry)))
    if not matches or (not final and (len(matches) > 1 or _may_become_another(options, matches[0], said))):
        return None
    return max(matches, key=lambda pair: (pair[0], -pair[1].option))[1]


def _may_become_another(options: Sequence[Words], match: tuple[tuple[int, int], Match], said: tuple[str, ...]) -> bool:
    """True when the words so far could grow into a longer entry of another option, or into this option's exclusion."""
    size, chosen = match
    others = [text for index, option in enumerate(options) if index != chosen.option for text in option.contains]
    longer = [entry for entry in map(_entry, others) if entry.size > size]
    return any(set(entry.words) & set(said) for entry in [*longer, *map(_entry, options[chosen.option].excludes)])
