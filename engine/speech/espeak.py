"""espeak-ng through its command line program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.speech import program
from engine.speech.speaker import offered, spoken_text, unknown_voice


class Espeak:
    """``argv`` starts espeak-ng (through the tree's loader or the host's); ``env`` holds ESPEAK_DATA_PATH, the folder
    that contains ``espeak-ng-data``, when that is not where Debian installs it.
    """

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], timeout_s: float = 30.0) -> None:
        self._argv = tuple(argv)
        self._env = dict(env)
        self._timeout_s = timeout_s

    async def speak(self, text: str, voice: str, out: Path) -> None:
        if voice not in offered("espeak"):
            raise unknown_voice("espeak", voice)
        line = spoken_text(text).replace("[[", "[ [")  # [[…]] would be taken for phoneme names
        argv = (*self._argv, "-v", voice, "-b", "1", "-z", "-w", str(out), "--stdin")
        await program.run(argv, line, self._env, self._timeout_s, "espeak-ng")
        program.require_sound(out, "espeak-ng")
