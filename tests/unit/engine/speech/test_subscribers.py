from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.domain.errors import Unavailable
from engine.speech import subscribers

DIALPLAN = Path(__file__).resolve().parents[4] / "dialplan" / "carrier.conf"


class Hum:
    def __init__(self, works: bool = True) -> None:
        self.said: list[tuple[str, str]] = []
        self.works = works

    async def speak(self, text: str, voice: str, out: Path) -> None:
        if not self.works:
            raise Unavailable("speech-program-missing", "Gone")
        self.said.append((voice, text))
        soundfile.write(out, 0.1 * np.sin(np.arange(12000)), 24000, format="WAV")


def test_the_dialplan_plays_every_sound_and_no_other() -> None:
    text = DIALPLAN.read_text()
    played = set(re.findall(r"\$\{VOICES\}/([\w-]+)", text)) | set(re.findall(r"pick-up,s,1\(([\w-]+)\)", text))
    assert played == set(subscribers.CLIPS)


def test_every_subscriber_of_the_carrier_exists() -> None:
    wanted = "00 01 02 03 04 05 06 07 10 11 12 13 14 15 16 20 21 22 23 24 25 30 31 32 33 40 41"
    assert re.findall(r"^exten => (\d\d),1,", DIALPLAN.read_text(), re.MULTILINE) == wanted.split(" ")


async def test_sounds_are_made_once_and_remade_when_lost(tmp_path: Path) -> None:
    voice, told = Hum(), list[str]()
    await subscribers.build(tmp_path / "voices", {"rhvoice": voice}, tmp_path, told.append)
    made = {p.stem: p.read_bytes() for p in (tmp_path / "voices").glob("*.alaw")}
    assert set(made) == set(subscribers.CLIPS)
    assert len(told) == len(made)
    assert len({v for v, _ in voice.said}) >= 4

    (tmp_path / "voices" / "00-yes.alaw").unlink()
    told.clear()
    await subscribers.build(tmp_path / "voices", {"rhvoice": voice}, tmp_path, told.append)
    assert len(told) == 1
    assert {p.stem: p.read_bytes() for p in (tmp_path / "voices").glob("*.alaw")} == made


async def test_recorded_prompts_are_used_where_they_are(tmp_path: Path) -> None:
    russian = tmp_path / "sounds" / "ru"
    russian.mkdir(parents=True)
    soundfile.write(russian / "vm-intro.wav", 0.1 * np.sin(np.arange(24000)), 8000)
    voice = Hum()
    await subscribers.build(tmp_path / "voices", {"rhvoice": voice}, tmp_path / "sounds", lambda _: None)
    said = [text for _, text in voice.said]
    assert not [t for t in said if t.startswith("Оставьте сообщение")]
    assert "В данный момент никто не может принять Ваш звонок." in said


async def test_another_voice_stands_in(tmp_path: Path) -> None:
    espeak = Hum()
    await subscribers.build(tmp_path, {"rhvoice": Hum(works=False), "espeak": espeak}, tmp_path, lambda _: None)
    assert {voice for voice, _ in espeak.said} == {"ru"}
    with pytest.raises(Unavailable):
        await subscribers.build(tmp_path / "other", {"rhvoice": Hum(works=False)}, tmp_path, lambda _: None)
