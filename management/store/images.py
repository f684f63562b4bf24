"""Avatars: whatever picture comes in, two small square WebP files come out, made anew from the pixels alone."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from engine.domain.errors import BadInput
from engine.domain.text import mark

SIZES = (256, 64)
"""Pixels."""
MOST_PIXELS = 40_000_000
"""A picture of a few kilobytes can unpack to gigabytes. Each takes four bytes while the picture is open: 160 MB."""
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_QUALITY = 85


def avatar(content: bytes) -> dict[int, bytes]:
    """WebP by size in pixels, cropped to the middle, turned as the camera was held, without metadata; of an animation
    the first picture. Takes up to a second of a processor: run it in a thread or a job. Raises BadInput.
    """
    try:
        with Image.open(BytesIO(content), formats=_FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise _too_large()
            opened.draft("RGB", (max(SIZES) * 2, max(SIZES) * 2))  # JPEG is decoded smaller at once
            picture = ImageOps.exif_transpose(opened).convert("RGBA")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large() from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise BadInput("image_broken", mark("The picture cannot be read")) from error
    return {size: _square(picture, size) for size in SIZES}


def _square(picture: Image.Image, size: int) -> bytes:
    output = BytesIO()
    square = ImageOps.fit(picture, (size, size), method=Image.Resampling.LANCZOS)
    square.info.clear()  # EXIF, colour profile and comments would be written along
    square.save(output, "WEBP", quality=_QUALITY)
    return output.getvalue()


def _too_large() -> BadInput:
    return BadInput(
        "image_large", mark("The picture has more than {limit} million points"), limit=MOST_PIXELS // 1_000_000
    )
