from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.domain.errors import BadInput
from management.store.content import HEAD, media_of, media_of_head
from management.store.kinds import Media


def _picture(form: str) -> bytes:
    output = io.BytesIO()
    Image.new("RGB", (3, 2), "red").save(output, form)
    return output.getvalue()


@pytest.mark.parametrize(
    ("head", "media"),
    [
        (_picture("PNG"), Media.PNG),
        (_picture("JPEG"), Media.JPEG),
        (_picture("WEBP"), Media.WEBP),
        (_picture("GIF"), Media.GIF),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", Media.WAV),
        (b"ID3\x04\x00\x00\x00\x00\x00\x00", Media.MP3),
        (b"\xff\xfb\x90\x64\x00", Media.MP3),
        (b"OggS\x00\x02", Media.OGG),
        (b"fLaC\x00\x00\x00\x22", Media.FLAC),
        (b"\x00\x00\x00\x20ftypM4A \x00", Media.M4A),
        (b"%PDF-1.7\n", Media.PDF),
        ("телефон;имя\r\n+79001234567;Анна\r\n".encode(), Media.TEXT),
        ("телефон;имя\r\n".encode("cp1251"), Media.TEXT),
        ("телефон;имя\r\n".encode("utf-16"), Media.TEXT),
        (b"\xef\xbb\xbfphone\n", Media.TEXT),
        (b"<html><script>alert(1)</script>", None),
        (b"\xef\xbb\xbf \n<svg xmlns='http://www.w3.org/2000/svg'>", None),
        (b"#!/bin/sh\nrm -rf /\n", None),
        (b"\x7fELF\x02\x01", None),
        (b"MZ\x90\x00", None),
        (b"RIFF\x24\x00\x00\x00AVI LIST", None),
        (b"\x00\x00\x00\x20ftypqt  ", None),
        (b"\xff\xfe\x00\x00\x00\x00", None),
        (b"phone\x00name", None),
        (b"", None),
    ],
)
def test_told_by_content(head: bytes, media: Media | None) -> None:
    assert media_of_head(head) is media


@given(st.binary(max_size=HEAD))
def test_any_bytes_are_something_or_nothing(head: bytes) -> None:
    assert media_of_head(head) in {*Media, None} - {Media.XLSX}


def _workbook(file: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file


WORKBOOK = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": b"<s/>"}


def test_a_workbook_is_told_from_any_other_archive(tmp_path: Path) -> None:
    assert media_of(_workbook(tmp_path / "a.csv", WORKBOOK)) is Media.XLSX
    assert media_of(_workbook(tmp_path / "a.xlsx", {"readme.txt": b"hello"})) is Media.ZIP


def test_a_bomb_is_refused_by_what_it_declares(tmp_path: Path) -> None:
    bomb = _workbook(tmp_path / "bomb.xlsx", WORKBOOK | {"xl/worksheets/sheet2.xml": bytes(30_000_000)})
    assert bomb.stat().st_size < 100_000
    _refused(bomb, "upload_bomb")


def test_a_bomb_that_lies_about_its_size_is_refused_too(tmp_path: Path) -> None:
    bomb = _workbook(tmp_path / "liar.xlsx", WORKBOOK | {"xl/worksheets/sheet2.xml": bytes(30_000_000)})
    true_size = struct.pack("<L", 30_000_000)
    content = bomb.read_bytes()
    assert content.count(true_size) == 2  # in the member's header and in the directory
    bomb.write_bytes(content.replace(true_size, struct.pack("<L", 1000)))
    _refused(bomb, "upload_broken")  # its checksum cannot be that of the first thousand bytes


def test_many_members_are_refused(tmp_path: Path) -> None:
    _refused(_workbook(tmp_path / "many.xlsx", WORKBOOK | {f"x{n}": b"" for n in range(2001)}), "upload_bomb")


@pytest.mark.parametrize("kept", [30, 200, -10])
def test_a_damaged_workbook_is_named_so(tmp_path: Path, kept: int) -> None:
    file = _workbook(tmp_path / "cut.xlsx", WORKBOOK)
    file.write_bytes(file.read_bytes()[:kept])
    _refused(file, "upload_broken")


def _refused(file: Path, code: str) -> None:
    with pytest.raises(BadInput) as caught:
        media_of(file)
    assert caught.value.code == code
