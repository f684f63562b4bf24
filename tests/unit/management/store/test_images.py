from __future__ import annotations

import io
import zlib

import pytest
from PIL import Image

from engine.domain.errors import BadInput
from management.store.images import SIZES, avatar


def _saved(picture: Image.Image, form: str, **options: object) -> bytes:
    output = io.BytesIO()
    picture.save(output, form, **options)
    return output.getvalue()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("size", [(900, 300), (300, 900), (10, 10), (1, 700)])
def test_two_squares_whatever_comes_in(form: str, size: tuple[int, int]) -> None:
    made = avatar(_saved(Image.new("RGB", size, "teal"), form))
    assert set(made) == set(SIZES)
    for pixels, content in made.items():
        with Image.open(io.BytesIO(content)) as opened:
            assert (opened.format, opened.size) == ("WEBP", (pixels, pixels))


def test_turned_as_the_camera_was_held_and_without_metadata() -> None:
    picture = Image.new("RGB", (400, 400), "white")
    picture.paste("red", (0, 0, 400, 200))  # red above; the camera says: turn right
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "taken at home"
    made = avatar(_saved(picture, "JPEG", exif=exif))[256]
    with Image.open(io.BytesIO(made)) as opened:
        assert not opened.getexif()
        red = opened.convert("RGB").getpixel((200, 128))
        white = opened.convert("RGB").getpixel((50, 128))
    assert isinstance(red, tuple) and isinstance(white, tuple)
    assert red[1] < 60 < 200 < white[1]
    assert b"taken at home" not in made


def _bomb(width: int, height: int) -> bytes:
    """A PNG of some bytes that declares so many points."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(8000, 8000), (10_000, 10_000), (60_000, 60_000)])
def test_bombs_are_refused_before_they_are_unpacked(size: tuple[int, int]) -> None:
    with pytest.raises(BadInput) as caught:
        avatar(_bomb(*size))
    assert caught.value.code == "image_large"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no picture",
        _bomb(10, 10),
        _saved(Image.new("RGB", (50, 50)), "JPEG")[:300],
        _saved(Image.new("RGB", (9, 9)), "BMP"),
    ],
)
def test_what_is_no_picture_is_named_so(content: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        avatar(content)
    assert caught.value.code == "image_broken"
