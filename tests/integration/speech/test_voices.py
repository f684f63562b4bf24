from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.domain.errors import BadInput, Unavailable
from engine.domain.prompt import SpeechPrompt
from engine.speech import audio_file, g711, loudness
from engine.speech.clips import ClipStore
from engine.speech.espeak import Espeak
from engine.speech.pyttsx3_speaker import Pyttsx3
from engine.speech.rhvoice import RHVoice
from engine.speech.speaker import Speaker, offered

pytestmark = pytest.mark.integration

TEXT = "Здравствуйте! Ваш заказ доставлен. Нажмите один."


async def spoken(speaker: Speaker, text: str, voice: str, folder: Path) -> NDArray[np.float32]:
    out = folder / f"{voice}.wav"
    await speaker.speak(text, voice, out)
    return audio_file.read(out, voice, 8000)


def voiced_seconds(samples: NDArray[np.float32]) -> float:
    return loudness.measure(samples, 8000).activity * len(samples) / 8000


@pytest.mark.parametrize("voice", offered("rhvoice"))
async def test_rhvoice_speaks(rhvoice: RHVoice, tmp_path: Path, voice: str) -> None:
    assert 2.5 < voiced_seconds(await spoken(rhvoice, TEXT, voice, tmp_path)) < 5.5


async def test_rhvoices_are_different_people(rhvoice: RHVoice, tmp_path: Path) -> None:
    said = {v: await spoken(rhvoice, "Да.", v, tmp_path) for v in offered("rhvoice")}
    assert len({sound.tobytes() for sound in said.values()}) == len(said)


async def test_espeak_speaks(espeak: Espeak, tmp_path: Path) -> None:
    assert 2.5 < voiced_seconds(await spoken(espeak, TEXT, "ru", tmp_path)) < 5.5


@pytest.mark.parametrize(
    "hostile", ["-p aleksandr $(id) `id` ;", "<speak>раз & два</speak>", "[[да]] и нет \\ \" '", "раз\nдва\x00три"]
)
async def test_no_text_is_more_than_words(rhvoice: RHVoice, espeak: Espeak, tmp_path: Path, hostile: str) -> None:
    assert voiced_seconds(await spoken(rhvoice, hostile, "anna", tmp_path)) > 0.3
    assert voiced_seconds(await spoken(espeak, hostile, "ru", tmp_path)) > 0.3


async def test_more_words_take_longer(rhvoice: RHVoice, tmp_path: Path) -> None:
    one = voiced_seconds(await spoken(rhvoice, "Добрый день.", "irina", tmp_path))
    ten = voiced_seconds(await spoken(rhvoice, "Добрый день. " * 10, "irina", tmp_path))
    assert ten == pytest.approx(10 * one, rel=0.35)


async def test_rhvoice_without_its_voices_says_so(rhvoice: RHVoice, tmp_path: Path) -> None:
    bare = RHVoice(rhvoice._argv, {"RHVOICE_DATA_PATH": str(tmp_path), "RHVOICE_CONFIG_PATH": str(tmp_path)})
    with pytest.raises(Unavailable):
        await bare.speak("Да", "anna", tmp_path / "out.wav")


async def test_a_clip_of_a_real_voice(rhvoice: RHVoice, tmp_path: Path) -> None:
    path = await ClipStore(tmp_path, {"rhvoice": rhvoice}, Path).clip(SpeechPrompt(TEXT, "rhvoice:anna"))
    samples = g711.linear(path.read_bytes())
    assert loudness.measure(samples, 8000).level_dbov == pytest.approx(loudness.TARGET_DBOV, abs=0.5)
    assert np.abs(samples).max() <= 10 ** (-0.5 / 20)


def espeak_library() -> bool:
    try:
        ctypes.CDLL("libespeak-ng.so.1")
    except OSError:
        return False
    return True


async def test_pyttsx3_speaks_where_the_host_has_espeak_and_says_so_where_not(tmp_path: Path) -> None:
    speaker = Pyttsx3()
    if espeak_library():
        assert 2.5 < voiced_seconds(await spoken(speaker, TEXT, "ru", tmp_path)) < 6.0
        return
    with pytest.raises(Unavailable) as error:
        await speaker.speak(TEXT, "ru", tmp_path / "out.wav")
    assert error.value.code == "speech-pyttsx3-engine"


async def test_unknown_voices(espeak: Espeak, tmp_path: Path) -> None:
    for speaker in (espeak, Pyttsx3()):
        with pytest.raises(BadInput) as error:
            await speaker.speak("Да", "../../etc/passwd", tmp_path / "out.wav")
        assert error.value.code == "speech-unknown-voice"
