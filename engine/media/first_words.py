"""What a person says when he takes the call is no answer to a question that he has not heard yet."""

from __future__ import annotations

from engine.media.segments import Segmenter

PAUSE_S = 0.8
"""Within a greeting, as in «Да? … Да!»; nobody answers a prompt so soon after it has begun either."""
LONGEST_S = 4.0
"""Whoever talks on for so long while the robot speaks is no longer greeting."""


class FirstWords:
    """Those that ``segmenter`` hears around the moment when the robot begins to speak."""

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter
        self._awaited = False
        self._until = 0.0

    def robot_begins(self) -> None:
        """What is said now, or was a moment ago, is the greeting until a pause ends it."""
        self._awaited = True
        self._until = self._segmenter.now + LONGEST_S

    def going_on(self) -> bool:
        """To be asked after every frame."""
        heard = self._segmenter
        lately = heard.started is not None or heard.now - heard.last_active < PAUSE_S
        self._awaited = self._awaited and lately and heard.now < self._until
        return self._awaited
