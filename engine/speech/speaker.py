"""The port that every voice satisfies, and the voices that Dozvon offers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.domain.errors import BadInput
from engine.domain.text import mark

LONGEST_TEXT = 5000
"""Characters. A minute of speech is about 900; more than five minutes in one prompt is a mistake, not a prompt."""


class Speaker(Protocol):
    """One provider of voices."""

    async def speak(self, text: str, voice: str, out: Path) -> None:
        """Say ``text`` into ``out``: a mono file that libsndfile reads, any sample rate.

        ``voice`` is the provider's own name of the voice, the part after the colon of ``SpeechPrompt.voice``.
        Raises BadInput for a text or voice that can never work, Unavailable when the provider does not answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class VoiceInfo:
    """A voice to choose. ``id`` is ``provider:name``; ``title`` is shown; ``licence`` is an SPDX expression."""

    id: str
    title: str
    language: str
    licence: str


def voices() -> tuple[VoiceInfo, ...]:
    """The voices a user may choose, best first.

    Debian's rhvoice-russian holds more, nearly all CC-BY-NC-ND; a telephone campaign is a commercial use.
    """
    return (
        VoiceInfo("rhvoice:anna", "Анна", "ru", "GPL-2.0-or-later"),
        VoiceInfo("rhvoice:irina", "Ирина", "ru", "GPL-2.0-or-later"),
        VoiceInfo("rhvoice:elena", "Елена", "ru", "GPL-3.0-only"),
        VoiceInfo("rhvoice:aleksandr", "Александр", "ru", "GPL-2.0-or-later"),
        VoiceInfo("espeak:ru", "eSpeak NG", "ru", "GPL-3.0-or-later"),
        VoiceInfo("pyttsx3:ru", "pyttsx3 (eSpeak NG)", "ru", "GPL-3.0-or-later"),
        VoiceInfo("gtts:ru", "Google", "ru", "LicenseRef-Google-online-service"),
    )


def offered(provider: str) -> tuple[str, ...]:
    """Names of the offered voices of ``provider``."""
    return tuple(v.id.partition(":")[2] for v in voices() if v.id.startswith(provider + ":"))


def spoken_text(text: str) -> str:
    """``text`` on one line, without control characters; BadInput when nothing in it can be said, or it is too long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not any(c.isalnum() for c in line):
        raise BadInput(
            "speech-nothing-to-say", mark("The text to be spoken has no words in it: “{text}”."), text=text[:40]
        )
    if len(line) > LONGEST_TEXT:
        raise BadInput(
            "speech-text-too-long",
            mark("The text to be spoken has {length} characters; at most {limit} are allowed."),
            length=len(line),
            limit=LONGEST_TEXT,
        )
    return line


def unknown_voice(provider: str, voice: str) -> BadInput:
    return BadInput(
        "speech-unknown-voice",
        mark("Voice “{voice}” is not known to {provider}; known are: {known}."),
        voice=voice,
        provider=provider,
        known=", ".join(offered(provider)),
    )
