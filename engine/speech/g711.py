"""G.711 A-law by table."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_SEGMENT_ENDS: Final = np.array([0x1F, 0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF])
"""Upper ends of G.711's segments in 13-bit magnitudes (table 1a/G.711)."""


def _encode_table() -> NDArray[np.uint8]:
    """A-law octet for each 16-bit sample, indexed by the sample's bits as unsigned."""
    samples = np.arange(65536, dtype=np.int32)
    samples[32768:] -= 65536
    linear = samples >> 3  # 13 bits
    negative = linear < 0
    magnitude = np.where(negative, -linear - 1, linear)
    segment = np.searchsorted(_SEGMENT_ENDS, magnitude)
    shift = np.where(segment < 2, 1, segment)
    code = (segment << 4) | ((magnitude >> shift) & 0x0F)
    return (code ^ np.where(negative, 0x55, 0xD5)).astype(np.uint8)


def _decode_table() -> NDArray[np.int16]:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment = (code & 0x70) >> 4
    step = ((code & 0x0F) << 4) + 8
    value = np.where(segment == 0, step, (step + 0x100) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, value, -value).astype(np.int16)


_ENCODE: Final = _encode_table()
_DECODE: Final = _decode_table()


def alaw(samples: NDArray[np.float32]) -> bytes:
    """Octets for ``samples`` (mono, full scale ±1; what is beyond is clipped)."""
    pcm = np.clip(np.rint(samples * 32768.0), -32768, 32767).astype(np.int16)
    octets: bytes = _ENCODE[pcm.view(np.uint16)].tobytes()
    return octets


def linear(octets: bytes) -> NDArray[np.float32]:
    """Samples, full scale ±1, of A-law ``octets``."""
    return (_DECODE[np.frombuffer(octets, dtype=np.uint8)] / 32768.0).astype(np.float32)


def samples16(octets: bytes) -> NDArray[np.int16]:
    """16-bit samples of A-law ``octets``, as G.711's tables have them: for what looks at the line itself."""
    return _DECODE.take(np.frombuffer(octets, dtype=np.uint8))
