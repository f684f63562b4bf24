"""Recordings: one stereo file a call, both directions in step with the clock, whatever the far end sends."""

from __future__ import annotations

import hashlib

import pytest
import soundfile

from tests.support.world import World, ask, file_of, node, phone, sound

pytestmark = pytest.mark.acceptance
SAY = {"on_silence": node("bye", play=sound())}


@pytest.mark.parametrize("persona", ["00", "04", "07"], ids=["speaks", "silent", "no_rtp"])
async def test_recording_is_as_long_as_the_call(world: World, persona: str) -> None:
    row = (await world.run([phone(persona)], {**ask(("1", node("x", play=sound())), **SAY), "recording": True}))[
        phone(persona)
    ]
    file = file_of(row)
    samples, rate = soundfile.read(file)
    assert (rate, samples.shape[1]) == (8000, 2)
    assert row["recording_sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert row["recording_s"] == pytest.approx(len(samples) / rate)
    assert row["recording_s"] == pytest.approx(row["duration"], abs=0.4)
