from __future__ import annotations

import asyncio
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.domain.errors import BadInput, Unavailable
from engine.domain.prompt import AudioPrompt, Prompt, SpeechPrompt
from engine.speech import g711, loudness, noises
from engine.speech.clips import ClipStore

HELLO = SpeechPrompt("Здравствуйте", "tones:low")


class Tones:
    """A voice that hums: a second for each word, at a pitch by the voice's name."""

    def __init__(self) -> None:
        self.spoken: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self.may_speak = asyncio.Event()
        self.may_speak.set()

    async def speak(self, text: str, voice: str, out: Path) -> None:
        if text == "broken":
            raise Unavailable("speech-timeout", "Too slow")
        self.spoken.append(text)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.may_speak.wait()
        self.at_once -= 1
        hz = {"low": 400.0, "high": 1200.0}[voice]
        t = np.arange(len(text.split()) * 24000) / 24000
        soundfile.write(out, 0.3 * np.sin(2 * np.pi * hz * t), 24000, format="WAV")


@pytest.fixture
def tones() -> Tones:
    return Tones()


@pytest.fixture
def store(tmp_path: Path, tones: Tones) -> ClipStore:
    (tmp_path / "materials").mkdir()
    return ClipStore(tmp_path / "clips", {"tones": tones}, lambda name: tmp_path / "materials" / name)


def spectrum_peak(samples: NDArray[np.float32]) -> float:
    return float(np.abs(np.fft.rfft(samples)).argmax() * 8000 / len(samples))


async def test_speech_becomes_telephone_sound(store: ClipStore) -> None:
    path = await store.clip(SpeechPrompt("раз два", "tones:high"))
    samples = g711.linear(path.read_bytes())
    assert path.suffix == ".alaw"
    assert store.duration_s(path) == pytest.approx(2.0, abs=0.01)
    assert spectrum_peak(samples) == pytest.approx(1200, abs=2)
    assert loudness.measure(samples, 8000).level_dbov == pytest.approx(loudness.TARGET_DBOV, abs=0.3)


@pytest.mark.parametrize(
    ("suffix", "rate", "channels"), [("wav", 48000, 2), ("flac", 22050, 1), ("ogg", 44100, 2), ("mp3", 44100, 1)]
)
async def test_recordings_of_any_kind(store: ClipStore, tmp_path: Path, suffix: str, rate: int, channels: int) -> None:
    t = np.arange(rate) / rate
    tone = 0.05 * np.sin(2 * np.pi * 1000 * t) + 0.2 * np.sin(2 * np.pi * 60 * t)  # with the mains in it
    name = f"greeting.{suffix}"
    soundfile.write(tmp_path / "materials" / name, np.stack([tone] * channels, axis=1), rate)
    samples = g711.linear((await store.clip(AudioPrompt(name))).read_bytes())
    assert len(samples) == pytest.approx(8000, abs=500)  # MP3 and Vorbis pad their ends
    assert spectrum_peak(samples) == pytest.approx(1000, abs=3)


async def test_the_two_sides_of_a_stereo_recording_are_both_heard(store: ClipStore, tmp_path: Path) -> None:
    sides = np.stack([noises.tone(500, 1.0), noises.tone(2000, 1.0)], axis=1)
    soundfile.write(tmp_path / "materials" / "s.wav", sides, 8000)
    samples = g711.linear((await store.clip(AudioPrompt("s.wav"))).read_bytes())
    power = np.abs(np.fft.rfft(samples))
    assert power[500] == pytest.approx(power[2000], rel=0.1)


async def test_a_clip_is_rendered_once(store: ClipStore, tones: Tones) -> None:
    tones.may_speak.clear()
    waiting = [asyncio.create_task(store.clip(HELLO)) for _ in range(5)]
    await asyncio.sleep(0)
    tones.may_speak.set()
    assert len(set(await asyncio.gather(*waiting))) == 1
    await store.clip(HELLO)
    assert tones.spoken == [HELLO.text]


async def test_text_and_voice_both_make_the_clip(store: ClipStore) -> None:
    prompts = [HELLO, SpeechPrompt(HELLO.text, "tones:high"), SpeechPrompt("Прощайте", "tones:low")]
    made = await store.prepare([*prompts, HELLO])
    assert list(made) == prompts
    assert len({p.read_bytes() for p in made.values()}) >= 2
    assert len(set(made.values())) == 3


async def test_a_changed_recording_is_another_clip(store: ClipStore, tmp_path: Path) -> None:
    file = tmp_path / "materials" / "m.wav"
    soundfile.write(file, noises.tone(500, 0.5), 8000)
    first = await store.clip(AudioPrompt("m.wav"))
    soundfile.write(file, noises.tone(900, 0.5), 8000)
    assert await store.clip(AudioPrompt("m.wav")) != first


async def test_a_recording_that_stays_is_read_once(store: ClipStore, tmp_path: Path) -> None:
    material, prompt = tmp_path / "materials" / "a.wav", AudioPrompt("a.wav")
    soundfile.write(material, np.ones(800) * 0.1, 8000)
    clip = await store.clip(prompt)
    before = material.stat()
    with material.open("r+b") as file:  # what nobody does: other sound, with all marks of the old
        file.seek(100)
        file.write(b"\x01\x02\x03")
    os.utime(material, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert await store.prepare([prompt]) == {prompt: clip}
    os.utime(material)
    assert await store.clip(prompt) != clip
    clip.unlink()
    os.utime(material, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (await store.clip(prompt)).is_file(), "a clip that was removed is made again"
    material.unlink()
    with pytest.raises(BadInput):
        await store.clip(prompt)


async def test_few_work_at_once(tmp_path: Path, tones: Tones) -> None:
    store = ClipStore(tmp_path, {"tones": tones}, Path, workers=3)
    tones.may_speak.clear()
    preparing = asyncio.create_task(store.prepare([SpeechPrompt(f"слово {n}", "tones:low") for n in range(12)]))
    for _ in range(50):  # turns of the loop; more would begin if more could
        await asyncio.sleep(0)
    assert tones.at_once == 3
    tones.may_speak.set()
    assert len(await preparing) == 12
    assert tones.most_at_once == 3


async def test_one_who_leaves_does_not_stop_the_others(store: ClipStore, tones: Tones) -> None:
    tones.may_speak.clear()
    leaving, staying = (asyncio.create_task(store.clip(HELLO)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    tones.may_speak.set()
    assert (await staying).is_file()
    assert leaving.cancelled()


async def test_an_error_reaches_everyone_and_is_not_kept(store: ClipStore, tones: Tones, tmp_path: Path) -> None:
    broken = SpeechPrompt("broken", "tones:low")
    results = await asyncio.gather(store.clip(broken), store.clip(broken), return_exceptions=True)
    assert all(isinstance(r, Unavailable) for r in results)
    with pytest.raises(Unavailable):
        await store.prepare([HELLO, broken])
    assert [p.suffix for p in (tmp_path / "clips").iterdir()] == [".alaw"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "clip-missing"),
        (b"", "clip-empty"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "clip-damaged"),
        (b"not sound " * 100, "clip-damaged"),
    ],
)
async def test_bad_recordings_are_named(store: ClipStore, tmp_path: Path, content: bytes | None, code: str) -> None:
    if content is not None:
        (tmp_path / "materials" / "bad.wav").write_bytes(content)
    with pytest.raises(BadInput) as error:
        await store.clip(AudioPrompt("bad.wav"))
    assert error.value.code == code
    assert "bad.wav" in str(error.value)


async def test_an_hour_is_no_prompt(store: ClipStore, tmp_path: Path) -> None:
    with soundfile.SoundFile(tmp_path / "materials" / "hour.flac", "w", 8000, 1) as file:
        for _ in range(60):
            file.write(np.zeros(60 * 8000, dtype=np.int16))
    with pytest.raises(BadInput) as error:
        await store.clip(AudioPrompt("hour.flac"))
    assert (error.value.code, error.value.params["minutes"]) == ("clip-too-long", 10)


async def test_a_header_without_samples_is_an_empty_recording(store: ClipStore, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "materials" / "none.wav", np.zeros(0), 8000)
    with pytest.raises(BadInput) as error:
        await store.clip(AudioPrompt("none.wav"))
    assert error.value.code == "clip-empty"


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF])
async def test_a_wrong_length_in_the_header_costs_nothing(store: ClipStore, tmp_path: Path, length: int) -> None:
    file = tmp_path / "materials" / "liar.wav"
    soundfile.write(file, noises.tone(700, 1.0), 8000)
    octets = bytearray(file.read_bytes())
    at = octets.index(b"data") + 4
    octets[at : at + 4] = octets[4:8] = length.to_bytes(4, "little")
    file.write_bytes(octets)
    assert store.duration_s(await store.clip(AudioPrompt("liar.wav"))) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("voice", ["nobody:anna", "anna", ""])
async def test_an_unknown_provider_is_named(store: ClipStore, voice: str) -> None:
    with pytest.raises(BadInput) as error:
        await store.clip(SpeechPrompt("Здравствуйте", voice))
    assert error.value.code == "clip-unknown-provider"
    assert "tones" in str(error.value)


async def test_a_folder_that_cannot_be_written(tmp_path: Path, tones: Tones) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable) as error:
        await ClipStore(tmp_path / "file", {"tones": tones}, Path).clip(HELLO)
    assert error.value.code == "clip-cannot-write"


async def test_what_nobody_asks_for_any_more_is_deleted(store: ClipStore, tones: Tones, tmp_path: Path) -> None:
    jingle = tmp_path / "materials" / "jingle.wav"
    soundfile.write(jingle, np.zeros(8000), 8000)
    wanted: list[Prompt] = [HELLO, AudioPrompt("jingle.wav")]
    forgotten = await store.clip(SpeechPrompt("Один. Два.", "tones:low"))
    kept = [await store.clip(prompt) for prompt in wanted]
    for clip in (forgotten, *kept):
        os.utime(clip, (0, 0))
    assert [await store.clip(prompt) for prompt in wanted] == kept
    assert store.sweep() == 1
    assert not forgotten.exists() and all(clip.exists() for clip in kept)
    assert store.sweep(unused_s=-1) == 2, "what is asked for is told from the rest by its time alone"
    assert [await store.clip(prompt) for prompt in wanted] == kept, "and made again"
    assert all(clip.exists() for clip in kept) and tones.spoken.count(HELLO.text) == 2


async def test_the_linear_twin_is_the_same_sound_and_goes_with_its_clip(store: ClipStore) -> None:
    clip = await store.clip(HELLO)
    twin = await store.linear(clip)
    assert twin.name == f"{clip.stem}.linear.sln"
    assert np.array_equal(np.frombuffer(twin.read_bytes(), "<i2"), g711.samples16(clip.read_bytes()))
    first = twin.stat().st_ino
    assert await store.linear(clip) == twin and twin.stat().st_ino == first, "made once"
    for path in (clip, twin):
        os.utime(path, (0, 0))
    await store.linear(clip)
    assert store.sweep() == 1 and twin.exists(), "what recorded calls play is in use"
    os.utime(twin, (0, 0))
    assert store.sweep() == 1 and not twin.exists()


async def test_a_linear_twin_that_cannot_be_written(tmp_path: Path, store: ClipStore) -> None:
    with pytest.raises(Unavailable) as error:
        await store.linear(tmp_path / "clips" / "swept.alaw")
    assert error.value.code == "clip-cannot-write"


async def test_what_a_killed_process_left_half_written_is_deleted(store: ClipStore) -> None:
    kept = await store.clip(HELLO)
    left, under_way = (kept.with_name(f".{name}.part") for name in ("left", "under-way"))
    for partial in (left, under_way):
        partial.touch()
    os.utime(left, (0, 0))
    assert store.sweep() == 1
    assert not left.exists() and under_way.exists() and kept.exists()
