"""Programs that misbehave, played by the Python interpreter."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from engine.domain.errors import BadInput, Unavailable
from engine.speech import program
from engine.speech.rhvoice import RHVoice


async def refusal(argv: tuple[str, ...], timeout_s: float = 20.0) -> Unavailable:
    with pytest.raises(Unavailable) as error:
        await program.run(argv, "текст", {}, timeout_s, "Voice")
    assert "Voice" in str(error.value)
    return error.value


async def test_text_arrives_as_utf8_and_the_answer_comes_back() -> None:
    echo = "import os, sys; sys.stdout.buffer.write(sys.stdin.buffer.read() + os.environb[b'SPEECH'])"
    said = await program.run((sys.executable, "-c", echo), "да; $(rm) «ё»", {"SPEECH": "!"}, 20.0, "Voice")
    assert said.decode() == "да; $(rm) «ё»!"


async def test_a_missing_program() -> None:
    assert (await refusal(("/nowhere/voice",))).code == "speech-program-missing"


async def test_a_program_that_fails_is_quoted() -> None:
    error = await refusal((sys.executable, "-c", "import sys; sys.exit('no such dictionary')"))
    assert error.code == "speech-program-failed"
    assert "no such dictionary" in str(error)


async def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    hang = 'echo $$ >"$0" && exec sleep 600'  # begun in no time, as Python is not on a busy machine
    assert (await refusal(("/bin/sh", "-c", hang, str(pid)), timeout_s=1.0)).code == "speech-timeout"
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


async def test_success_without_sound_is_no_success(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as error:
        await RHVoice((sys.executable, "-c", "pass"), {}).speak("Да", "anna", tmp_path / "out.wav")
    assert error.value.code == "speech-no-sound"


async def test_an_unknown_voice_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as error:
        await RHVoice(("/nowhere",), {}).speak("Да", "-o/etc/passwd", tmp_path / "out.wav")
    assert error.value.code == "speech-unknown-voice"
    assert "anna" in str(error.value)
