"""Kinds of uploads: how large they may be and what they may hold. The only table of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MIB = 1024 * 1024


class Media(StrEnum):
    """What a file holds, by its content. The values are media types as they are served."""

    PNG = "image/png"
    JPEG = "image/jpeg"
    WEBP = "image/webp"
    GIF = "image/gif"
    WAV = "audio/wav"
    MP3 = "audio/mpeg"
    OGG = "audio/ogg"
    FLAC = "audio/flac"
    M4A = "audio/mp4"
    PDF = "application/pdf"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ZIP = "application/zip"
    """Any archive that is no workbook."""
    TEXT = "text/plain; charset=utf-8"
    """Any text, CSV among it; in any encoding."""


EXTENSIONS = {
    Media.PNG: "png",
    Media.JPEG: "jpg",
    Media.WEBP: "webp",
    Media.GIF: "gif",
    Media.WAV: "wav",
    Media.MP3: "mp3",
    Media.OGG: "ogg",
    Media.FLAC: "flac",
    Media.M4A: "m4a",
    Media.PDF: "pdf",
    Media.XLSX: "xlsx",
    Media.ZIP: "zip",
    Media.TEXT: "txt",
}

_IMAGES = frozenset({Media.PNG, Media.JPEG, Media.WEBP, Media.GIF})
_AUDIO = frozenset({Media.WAV, Media.MP3, Media.OGG, Media.FLAC, Media.M4A})


class Kind(StrEnum):
    """What an upload is for; the first part of its key."""

    AVATAR = "avatar"
    ATTACHMENT = "attachment"
    AUDIO = "audio"
    AUDIENCE = "audience"
    RESULT = "result"
    """Made by us: exports and reports."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``largest``: bytes."""

    largest: int
    allowed: frozenset[Media]


RULES = {
    Kind.AVATAR: Rule(5 * MIB, _IMAGES),
    Kind.ATTACHMENT: Rule(20 * MIB, _IMAGES | _AUDIO | {Media.PDF, Media.XLSX, Media.TEXT}),
    Kind.AUDIO: Rule(50 * MIB, _AUDIO),
    Kind.AUDIENCE: Rule(200 * MIB, frozenset({Media.XLSX, Media.TEXT})),
    Kind.RESULT: Rule(1024 * MIB, frozenset({Media.XLSX, Media.TEXT, Media.PDF, Media.ZIP})),
}
