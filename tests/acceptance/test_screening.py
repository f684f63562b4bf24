"""The answering-machine filter on the real pair: machines are told from people, and a message is left after the beep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.bootstrap import clip_store
from engine.domain.prompt import SpeechPrompt
from engine.speech.clips import ClipStore
from tests.support.world import World, ask, node, phone, sound, speech

pytestmark = pytest.mark.acceptance

PEOPLE = ("00", "01", "02", "04", "05", "07", "25", "30", "31", "32")
MACHINES = ("20", "21", "22", "23", "24")
MESSAGE = "Это компания «Ромашка». Пожалуйста, перезвоните нам, когда вам будет удобно."


def _filtered(**what: Any) -> dict[str, Any]:
    return {**ask(("1", node("one")), on_silence=node("bye", play=sound())), "machine_filter": what}


async def test_people_hear_the_question_and_machines_do_not(world: World) -> None:
    phones = [phone(persona) for persona in PEOPLE + MACHINES]
    rows = await world.run(phones, _filtered(on_machine="hang_up"), max_channels=14)
    for persona in PEOPLE:
        row = rows[phone(persona)]
        assert (row["machine"], row["result"]) == (None, None), persona
        assert row["path"][0] == "ask", persona
        assert row["path"][-1] == ("one" if persona == "02" else "bye"), persona
    for persona in MACHINES:
        row = rows[phone(persona)]
        assert (row["result"], row["cause"], row["path"]) == ("machine", "machine", []), persona
        assert row["duration"] < 5, persona
    assert rows[phone("24")]["machine"] == "fax"


async def test_a_message_is_left_after_the_beep(world: World) -> None:
    carrier = world.stack.carrier
    assert carrier is not None
    spool = carrier.folder / "spool" / "voicemail"
    before = set(spool.glob("*.wav"))
    row = (await world.run([phone("20")], _filtered(on_machine="drop", drop=speech(MESSAGE))))[phone("20")]
    assert (row["result"], row["hung_up_by"]) == ("machine", "robot")
    (recorded,) = set(spool.glob("*.wav")) - before
    said = _voiced_seconds(recorded)
    clip = await clip_store(world.stack.media, carrier.install).clip(SpeechPrompt(MESSAGE, "rhvoice:anna"))
    assert said == pytest.approx(ClipStore.duration_s(clip), abs=0.5), "the message is not whole"


def _voiced_seconds(file: Path) -> float:
    """From the first to the last loud frame."""
    samples, rate = soundfile.read(file)
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    loud = np.flatnonzero(np.sqrt((frames**2).mean(axis=1)) > 0.01)
    return float(loud[-1] - loud[0] + 1) * 160 / rate if len(loud) else 0.0
