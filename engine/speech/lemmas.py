"""Dictionary forms of Russian words, by pymorphy3: the ``Forms`` that ``engine.scenario.words`` compares with."""

from __future__ import annotations

import re
from functools import lru_cache

import pymorphy3

_RUSSIAN = re.compile("[а-я-]+")
_LIKELY = 0.05
"""A reading rarer than one in twenty is not what was said: «три» is a number, not «rub!»."""


class RussianForms:
    """Loads the dictionary (about 15 MB, 0.2 s); one a process. Safe from any thread: it only reads."""

    def __init__(self) -> None:
        self._analyser = pymorphy3.MorphAnalyzer(lang="ru")
        self._of = lru_cache(maxsize=20_000)(self._look_up)

    def __call__(self, word: str) -> frozenset[str]:
        return self._of(word)

    def _look_up(self, word: str) -> frozenset[str]:
        """``word`` itself and its likely dictionary forms, ё as е."""
        if not _RUSSIAN.fullmatch(word):
            return frozenset((word,))
        likely = {parse.normal_form for parse in self._analyser.parse(word) if parse.score >= _LIKELY}
        return frozenset({word, *(form.replace("ё", "е") for form in likely)})


@lru_cache(maxsize=1)
def russian_forms() -> RussianForms:
    """The process's one dictionary. The first call takes 0.2 s: make it in a thread at start."""
    return RussianForms()
