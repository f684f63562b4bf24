"""An acoustic model in the files that PocketSphinx reads (Sphinx-3 formats): Gaussian mixtures, three states a phone."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

STATES = 3
"""A phone."""
DIMENSIONS = 39
"""13 cepstra, their slopes, the slopes of these."""
SILENCE = "SIL"
NOISE = "+NOISE+"
"""Breath, street, music: whatever is no speech."""

FRONT_END: Mapping[str, object] = {
    "samprate": 8000,
    "lowerf": 200,
    "upperf": 3500,
    "nfilt": 20,
    "nfft": 256,
    "transform": "dct",
    "lifter": 22,
    "feat": "1s_c_d_dd",
    "agc": "none",
    "varnorm": "no",
    "remove_noise": "no",
}
"""Of sound at the telephone's own rate; within the telephone's band."""


@dataclass(frozen=True, slots=True)
class Acoustic:
    """``means`` and ``variances``: senones × mixtures × DIMENSIONS, ``weights``: senones × mixtures. Senone
    ``STATES * p + s`` is state ``s`` of phone ``p``.
    """

    phones: tuple[str, ...]
    means: Floats
    variances: Floats
    weights: Floats

    def scores(self, frames: Floats) -> Floats:
        """Log likelihood of each frame by each senone and mixture."""
        precision = (1.0 / self.variances).reshape(-1, DIMENSIONS)
        means = self.means.reshape(-1, DIMENSIONS)
        bias = np.log(np.maximum(self.weights, 1e-8)).ravel() - 0.5 * (
            np.log(2 * np.pi * self.variances).sum(axis=2).ravel() + (means**2 * precision).sum(axis=1)
        )
        by_mixture = frames @ (means * precision).T - 0.5 * (frames**2) @ precision.T + bias
        return np.asarray(by_mixture.reshape(len(frames), *self.weights.shape), dtype=np.float32)

    def write(self, folder: Path, cepstral_mean: Sequence[float], cmn: str) -> None:
        """All files of the model. ``cepstral_mean``: the thirteen to begin a call with."""
        folder.mkdir(parents=True, exist_ok=True)
        count, mixtures = self.weights.shape
        shape = (count, 1, mixtures, DIMENSIONS)
        _write(folder / "means", shape, self.means)
        _write(folder / "variances", shape, self.variances)
        _write(folder / "mixture_weights", (count, 1, mixtures), self.weights)
        stay = np.zeros((len(self.phones), STATES, STATES + 1), dtype=np.float32)
        for state in range(STATES):
            stay[:, state, state] = 0.6
            stay[:, state, state + 1] = 0.4
        _write(folder / "transition_matrices", stay.shape, stay)
        (folder / "mdef").write_text(_definition(self.phones))
        (folder / "noisedict").write_text(f"<s> {SILENCE}\n</s> {SILENCE}\n<sil> {SILENCE}\n[NOISE] {NOISE}\n")
        settings = {**FRONT_END, "cmn": cmn, "cmninit": ",".join(f"{value:.2f}" for value in cepstral_mean)}
        (folder / "feat.params").write_text("".join(f"-{name} {value}\n" for name, value in settings.items()))


def flat(phones: Sequence[str]) -> Acoustic:
    """A model that knows nothing."""
    ones = np.ones((len(phones) * STATES, 1, DIMENSIONS), dtype=np.float32)
    return Acoustic(tuple(phones), np.zeros_like(ones), ones, np.ones(ones.shape[:2], dtype=np.float32))


def _write(path: Path, shape: tuple[int, ...], values: Floats) -> None:
    header = b"s3\nversion 1.0\nendhdr\n" + struct.pack("<I", 0x11223344)
    if len(shape) == 4:  # means and variances name the length of each stream of features
        header += struct.pack("<4i", *shape) + struct.pack("<i", values.size)
    else:
        header += struct.pack(f"<{len(shape)}i", *shape) + struct.pack("<i", values.size)
    path.write_bytes(header + values.astype("<f4").tobytes())


def _definition(phones: Sequence[str]) -> str:
    count = len(phones)
    head = (
        f"0.3\n{count} n_base\n0 n_tri\n{count * (STATES + 1)} n_state_map\n{count * STATES} n_tied_state\n"
        f"{count * STATES} n_tied_ci_state\n{count} n_tied_tmat\n#\n#base lft rt p attrib tmat ... state ids ...\n"
    )
    lines = []
    for index, phone in enumerate(phones):
        attribute = "filler" if phone in (SILENCE, NOISE) else "n/a"
        states = " ".join(str(STATES * index + state) for state in range(STATES))
        lines.append(f"{phone} - - - {attribute} {index} {states} N\n")
    return head + "".join(lines)
