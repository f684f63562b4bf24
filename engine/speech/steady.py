"""What of a recogniser's guesses counts while the person still speaks. Pure."""

from __future__ import annotations


class Steady:
    """The beginning of a transcript that does not change any more.

    A decoder's last word is a guess until the next sound («не» becomes «нет»); words count once a second look has found
    them again.
    """

    def __init__(self) -> None:
        self._last: tuple[str, ...] = ()

    def look(self, text: str) -> str:
        words = tuple(text.split())
        same = 0
        while same < min(len(words), len(self._last)) and words[same] == self._last[same]:
            same += 1
        self._last = words
        return " ".join(words[:same])
