"""What can be played to a called person: a stored recording or words for a voice to say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AudioPrompt:
    """A recording, by the name of its material (a file in the media store)."""

    material: str


@dataclass(frozen=True, slots=True)
class SpeechPrompt:
    """Words to be spoken, fields already filled in. ``voice`` is ``provider:name``, e.g. ``rhvoice:anna``."""

    text: str
    voice: str


Prompt = AudioPrompt | SpeechPrompt
