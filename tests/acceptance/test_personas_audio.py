"""The test carrier keeps its word: each virtual subscriber, called once through two real Asterisks.

All calls run at the same time in one fixture; the tests then look at what was noted and heard.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.domain.prompt import SpeechPrompt
from engine.host.asterisk import AsteriskInstance
from engine.host.asterisk_tree import AsteriskInstall, fetch_asterisk, find_asterisk, tool_argv
from engine.host.instance_files import InstanceSpec, Peer, Role
from engine.host.paths import PROJECT, State
from engine.host.ports import free_port, free_range
from engine.speech import loudness, subscribers
from engine.speech.clips import ClipStore
from engine.speech.rhvoice import RHVoice
from tests.acceptance.robot import Call, Robot, robot

pytestmark = pytest.mark.acceptance

PROMPT = "Здравствуйте! Вас беспокоит робот. Вам удобно говорить?"
CALLED = ("00", "01", "02", "03", "04", "05", "06", "07", "10", "12", "13", "14", "15")
CALLED_TOO = ("21", "22", "23", "24", "25", "30", "31", "32", "33", "40", "41", "77")


@dataclass(frozen=True)
class Seen:
    calls: dict[str, Call]
    prompt_s: float
    messages: list[Path]
    statuses: str
    """The platform's record of SIP messages."""

    def heard(self, who: str) -> NDArray[np.float64]:
        """What ``who`` sent from the answer on, 8 kHz."""
        file = self.calls[who].heard
        assert file is not None
        samples, rate = soundfile.read(file)
        assert rate == 8000
        return np.asarray(samples)

    def speech(self, who: str) -> list[tuple[float, float]]:
        """(begin, end) in seconds after the answer of each stretch above −45 dBov, pauses under 0.4 s bridged."""
        samples = self.heard(who)
        frames = samples[: len(samples) // 400 * 400].reshape(-1, 400)
        loud = np.flatnonzero((frames**2).mean(axis=1) > 10**-4.5) * 0.05
        stretches: list[tuple[float, float]] = []
        for at in loud.tolist():
            if stretches and at - stretches[-1][1] < 0.4:
                stretches[-1] = (stretches[-1][0], at + 0.05)
            else:
                stretches.append((at, at + 0.05))
        return stretches


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    home = State(Path(os.environ.get("DOZVON_HOME", PROJECT / ".dozvon")))
    install = find_asterisk(home, os.environ.get("ASTERISK_HOME")) or fetch_asterisk(home, print)
    state = State(tmp_path_factory.mktemp("pair")).make()
    voices = home.media / "subscribers"
    speaker = _rhvoice(install)
    asyncio.run(subscribers.build(voices, {"rhvoice": speaker}, install.sounds, print))
    carrier, platform = _pair(state, install, voices)
    try:
        for instance in (carrier, platform):
            instance.start()
        for instance in (carrier, platform):
            instance.wait_ready()
        platform.command("pjsip set history on")
        store = ClipStore(state.media, {"rhvoice": speaker}, Path)
        calls, prompt_s = asyncio.run(_all_calls(platform, store))
        messages = sorted((carrier.folder / "spool" / "voicemail").glob("*.wav"))
        yield Seen(calls, prompt_s, messages, platform.command("pjsip show history"))
    finally:
        for instance in (carrier, platform):
            instance.stop()


def _rhvoice(install: AsteriskInstall) -> RHVoice:
    tree = install.root / "usr" / "share" / "RHVoice"
    env = {"RHVOICE_DATA_PATH": str(tree), "RHVOICE_CONFIG_PATH": str(install.root / "etc" / "RHVoice")}
    return RHVoice(tool_argv(install, "usr/bin/RHVoice-test"), env if tree.is_dir() else {})


def _pair(state: State, install: AsteriskInstall, voices: Path) -> tuple[AsteriskInstance, AsteriskInstance]:
    sip = {Role.CARRIER: free_port(), Role.PLATFORM: free_port()}
    first = 30000
    made = []
    for role, other in ((Role.CARRIER, Role.PLATFORM), (Role.PLATFORM, Role.CARRIER)):
        start, end = free_range(200, first=first)
        first = end + 1
        peer = Peer(other.value, sip[other])
        globals_ = {"VOICES": str(voices)} if role is Role.CARRIER else {}
        spec = InstanceSpec(
            role.value, role, free_port(), sip[role], start, end, secrets.token_hex(8), (peer,), globals_
        )
        made.append(AsteriskInstance(state, install, spec))
    return made[0], made[1]


async def _all_calls(platform: AsteriskInstance, store: ClipStore) -> tuple[dict[str, Call], float]:
    clip = await store.clip(SpeechPrompt(PROMPT, "rhvoice:anna"))
    async with robot(platform.spec.http_port, platform.spec.ari_password, platform.folder / "spool") as caller:
        wanted = {who: caller.call(f"+790012345{who}", clip) for who in (*CALLED, *CALLED_TOO)}
        wanted["11"] = caller.call("+79001234511", clip, ring_s=3.0)
        wanted["15 watched"] = caller.call("+79001235515", clip, ring_s=2.0)
        # After its greeting of 8 s it beeps and listens.
        wanted["20"] = caller.call("+79001234520", clip, say_at=(9.5,), hold_s=20.0)
        twice = asyncio.ensure_future(_twice(caller, clip))
        made = await asyncio.gather(*wanted.values())
        first, second = await twice
    return dict(zip(wanted, made, strict=True)) | {"16": first, "16 again": second}, store.duration_s(clip)


async def _twice(caller: Robot, clip: Path) -> tuple[Call, Call]:
    return await caller.call("+79001234516", clip), await caller.call("+79001234516", clip, hold_s=3.0)


@pytest.mark.parametrize(
    ("who", "sip", "q850"),
    [
        ("10", 486, 17),
        ("12", 404, 1),
        ("13", 503, 34),
        ("14", 603, 21),
        ("15", 480, 19),
        ("16", 486, 17),
        ("41", 486, 17),
    ],
)
def test_a_call_that_fails_has_its_status(seen: Seen, who: str, sip: int, q850: int) -> None:
    call = seen.calls[who]
    assert (call.answered, call.sip, call.cause) == (None, sip, q850)


def test_one_rings_until_the_caller_gives_up(seen: Seen) -> None:
    call = seen.calls["11"]
    assert call.states == ["Ringing"]
    assert call.answered is None
    assert call.ended is not None
    assert call.ended >= 3.0


def test_early_media_sounds_without_an_answer(seen: Seen) -> None:
    assert "SIP/2.0 183" in seen.statuses
    assert seen.calls["15 watched"].answered is None
    assert seen.calls["15 watched"].early_packets > 50  # of about 100 in 2 s


def test_busy_first_and_answering_next(seen: Seen) -> None:
    assert seen.calls["16"].answered is None
    assert seen.calls["16 again"].answered is not None


@pytest.mark.parametrize(
    ("who", "shortest", "longest"),
    [("00", 0.15, 0.8), ("01", 0.15, 0.8), ("77", 0.15, 0.8), ("30", 1.8, 3.0), ("31", 1.8, 3.0)],
)
def test_people_greet_hear_the_prompt_out_and_answer(seen: Seen, who: str, shortest: float, longest: float) -> None:
    greeting, answer = seen.speech(who)
    assert greeting[0] < 1.0
    assert 0.2 + seen.prompt_s + 0.5 < answer[0] < 0.2 + seen.prompt_s + 3.0
    assert shortest <= answer[1] - answer[0] <= longest


@pytest.mark.parametrize(("who", "digit"), [("02", "1"), ("03", "2")])
def test_keys_are_pressed_once_after_the_prompt(seen: Seen, who: str, digit: str) -> None:
    assert [d for d, _ in seen.calls[who].digits] == [digit]
    assert 0.2 + seen.prompt_s + 0.5 < seen.calls[who].digits[0][1] < 0.2 + seen.prompt_s + 4.0


def test_silence_comes_in_packets(seen: Seen) -> None:
    assert seen.calls["04"].packets > 0.95 * 50 * 12
    assert np.abs(seen.heard("04")).max() < 0.001


def test_no_packet_comes_from_a_broken_gateway(seen: Seen) -> None:
    assert seen.calls["07"].answered is not None
    assert seen.calls["07"].packets == 0


def test_one_speaks_over_the_prompt(seen: Seen) -> None:
    begin, _ = seen.speech("05")[0]
    assert 1.2 < begin < 2.2
    assert begin < seen.prompt_s


def test_one_hangs_up_during_the_prompt(seen: Seen) -> None:
    assert 1.4 < seen.calls["06"].talk_s < seen.prompt_s


def test_voicemail_records_what_the_robot_says(seen: Seen) -> None:
    (message,) = [m for m in seen.messages if m.name.startswith("79001234520")]
    samples, rate = soundfile.read(message, dtype="float32")
    assert len(samples) / rate > seen.prompt_s - 0.1
    assert loudness.measure(samples, rate).level_dbov == pytest.approx(loudness.TARGET_DBOV, abs=1.5)
    assert _loudest_hz(seen.heard("20")[int(7.8 * 8000) : int(9.5 * 8000)]) == pytest.approx(1000, abs=10)


def test_operators_voicemail_speaks_then_beeps(seen: Seen) -> None:
    assert sum(end - begin for begin, end in seen.speech("21")) > 7.0


def test_a_secretary_answers_back(seen: Seen) -> None:
    first, *later = seen.speech("22")
    assert first[0] < 1.0
    assert later
    assert later[-1][0] - first[1] > 2.0


@pytest.mark.parametrize("who", ["23", "25", "32"])
def test_some_never_pause_for_long(seen: Seen, who: str) -> None:
    stretches = seen.speech(who)
    assert sum(end - begin for begin, end in stretches) > 9.0


def test_a_fax_answers_with_its_tone(seen: Seen) -> None:
    assert _loudest_hz(seen.heard("24")[8000:16000]) == pytest.approx(2100, abs=5)


def test_a_looped_line_sends_back_what_it_is_sent(seen: Seen) -> None:
    stretches = seen.speech("33")
    assert stretches[0][0] > 0.2
    assert sum(end - begin for begin, end in stretches) > 0.6 * seen.prompt_s
    assert stretches[-1][1] - stretches[0][0] < seen.prompt_s + 0.3


def test_noise_has_no_pitch(seen: Seen) -> None:
    spectrum = np.abs(np.fft.rfft(seen.heard("32")[8000:72000] * np.hanning(64000))) ** 2
    bands = spectrum[2400:27200].reshape(-1, 200).mean(axis=1)  # 300 to 3400 Hz in steps of 25 Hz
    assert bands.max() < 12 * np.convolve(bands, np.ones(9) / 9, mode="same")[bands.argmax()]
    assert np.exp(np.log(bands).mean()) / bands.mean() > 0.2  # a voice or music stays far below


def test_an_operator_takes_the_call_and_leaves_in_the_end(seen: Seen) -> None:
    call = seen.calls["40"]
    assert len(seen.speech("40")) == 1
    assert 8.0 < call.talk_s < 11.5


def _loudest_hz(samples: NDArray[np.float64]) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 32768))
    return float(spectrum.argmax() * 8000 / 32768)
