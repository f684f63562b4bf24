"""What a file holds, by its first bytes and, for ZIP containers, by its directory. Names and declared types are not asked."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

from engine.domain.errors import BadInput
from engine.domain.text import mark
from management.store.kinds import MIB, Media

HEAD = 4096
"""So many first bytes are enough to tell."""
MOST_UNPACKED = 2048 * MIB
MOST_MEMBERS = 2000
MOST_RATIO = 200
"""Of unpacked to packed size. Deflate cannot do better than 1032; spreadsheets of numbers reach some 20."""
_SMALL = 4 * MIB
"""Below this the ratio does not matter."""
_CHUNK = 256 * 1024

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", Media.PNG),
    (b"\xff\xd8\xff", Media.JPEG),
    (b"GIF87a", Media.GIF),
    (b"GIF89a", Media.GIF),
    (b"fLaC", Media.FLAC),
    (b"OggS", Media.OGG),
    (b"%PDF-", Media.PDF),
    (b"ID3", Media.MP3),
)
_TEXT_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")  # byte order marks of UTF-8 and UTF-16
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))
_ZIP = b"PK\x03\x04"


def media_of(file: Path) -> Media | None:
    """None for what we do not know. Raises BadInput for a ZIP container that is broken or a bomb."""
    with file.open("rb") as stream:
        head = stream.read(HEAD)
    return _archive(file) if head.startswith(_ZIP) else media_of_head(head)


def media_of_head(head: bytes) -> Media | None:
    """The same for anything but ZIP containers. ``head``: the first HEAD bytes, or all if there are fewer."""
    for signature, media in _SIGNATURES:
        if head.startswith(signature):
            return media
    if head[:4] in (b"RIFF", b"RF64"):
        return {b"WAVE": Media.WAV, b"WEBP": Media.WEBP}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return Media.M4A if head[8:11] in (b"M4A", b"M4B", b"mp4", b"iso") else None
    if _is_mp3_frame(head):
        return Media.MP3
    return Media.TEXT if _is_text(head) else None


def _is_mp3_frame(head: bytes) -> bool:
    """ISO/IEC 11172-3, 2.4.2.3: sync, layer III, no forbidden bit rate or sampling rate."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    return version != 1 and layer == 1 and head[2] >> 4 not in (0, 15) and head[2] >> 2 & 3 != 3


def _is_text(head: bytes) -> bool:
    """No control characters. What begins as markup is not taken for text: browsers might take it for a page."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower()
    if start.startswith((b"<", b"\x7felf", b"#!", b"mz\x90")):
        return False
    if head.startswith(_TEXT_MARKS[1:]):
        return b"\x00\x00\x00" not in head
    return bool(head) and head.translate(None, _CONTROLS) == head


def _archive(file: Path) -> Media:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _refuse_bomb(members, file.stat().st_size)
            names = {member.filename for member in members}
            _refuse_liars(archive, members)
            workbook = "[Content_Types].xml" in names and "xl/workbook.xml" in names
            return Media.XLSX if workbook else Media.ZIP
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise BadInput("upload_broken", mark("The file is damaged: {error}"), error=str(error)) from error


def _refuse_bomb(members: list[zipfile.ZipInfo], size: int) -> None:
    """By what the directory declares."""
    unpacked = sum(member.file_size for member in members)
    overlapping = sum(member.compress_size for member in members) > size
    if len(members) > MOST_MEMBERS or overlapping or _too_much(unpacked, size):
        raise _bomb()


def _refuse_liars(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> None:
    """Unpack everything, a chunk at a time and into nowhere: the declared sizes may be lies, and checksums are compared."""
    for member in members:
        unpacked = 0
        with archive.open(member) as stream:
            while chunk := stream.read(_CHUNK):
                unpacked += len(chunk)
                if unpacked > member.file_size:
                    raise _bomb()


def _too_much(unpacked: int, packed: int) -> bool:
    return unpacked > MOST_UNPACKED or (unpacked > _SMALL and unpacked > packed * MOST_RATIO)


def _bomb() -> BadInput:
    return BadInput("upload_bomb", mark("The file would unpack to far more than it is"))
