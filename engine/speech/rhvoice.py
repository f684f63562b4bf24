"""RHVoice through its command line program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.speech import program
from engine.speech.speaker import offered, spoken_text, unknown_voice


class RHVoice:
    """``argv`` starts RHVoice-test: ``("RHVoice-test",)``, or in an unpacked tree its loader, ``--library-path`` with
    ``…/pulseaudio`` too (its private libpulsecommon lies there), and the program. ``env`` must hold RHVOICE_DATA_PATH
    (``…/usr/share/RHVoice``) and RHVOICE_CONFIG_PATH (``…/etc/RHVoice``) when they do not lie in ``/``.
    """

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], timeout_s: float = 30.0) -> None:
        self._argv = tuple(argv)
        self._env = dict(env)
        self._timeout_s = timeout_s

    async def speak(self, text: str, voice: str, out: Path) -> None:
        # RHVoice says an unknown profile in some other voice, successfully; so the name is checked here.
        if voice not in offered("rhvoice"):
            raise unknown_voice("rhvoice", voice)
        line = spoken_text(text)
        await program.run(
            (*self._argv, "-p", voice, "-o", str(out)), line + "\n", self._env, self._timeout_s, "RHVoice"
        )
        program.require_sound(out, "RHVoice")
