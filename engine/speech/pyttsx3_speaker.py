"""pyttsx3, which drives the host's own speech engine (espeak-ng on Linux)."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from engine.domain.errors import Unavailable
from engine.domain.text import mark
from engine.speech import program
from engine.speech.speaker import offered, spoken_text, unknown_voice

# In a process of its own: libespeak-ng can be initialised once per process, is not thread-safe, and pyttsx3's loop
# would block ours. pyttsx3 reports most troubles by printing, hence the check of the file afterwards.
_CHILD = """
import sys
import pyttsx3
engine = pyttsx3.init()
voice, out = sys.argv[1:]
same = [v.id for v in engine.getProperty("voices") if voice in v.languages or v.id.rpartition("/")[2] == voice]
engine.setProperty("voice", same[0] if same else voice)
engine.save_to_file(sys.stdin.read(), out)
engine.runAndWait()
"""


class Pyttsx3:
    """``env`` may point the child at another libespeak-ng (LD_LIBRARY_PATH, ESPEAK_DATA_PATH)."""

    def __init__(self, env: Mapping[str, str] | None = None, timeout_s: float = 30.0) -> None:
        self._env = dict(env or {})
        self._timeout_s = timeout_s

    async def speak(self, text: str, voice: str, out: Path) -> None:
        if voice not in offered("pyttsx3"):
            raise unknown_voice("pyttsx3", voice)
        line = spoken_text(text)
        argv = (sys.executable, "-c", _CHILD, voice, str(out))
        env = {**self._env, "PYTHONIOENCODING": "utf-8"}
        try:
            await program.run(argv, line, env, self._timeout_s, "pyttsx3")
        except Unavailable as error:
            if error.code != "speech-program-failed":
                raise
            raise Unavailable(
                "speech-pyttsx3-engine",
                mark("pyttsx3 found no speech engine here; install espeak-ng or choose another voice ({reason})."),
                reason=error.params["reason"],
            ) from error
        program.require_sound(out, "pyttsx3")
