"""The exchange that gTTS documents (Google Translate's batchexecute), spoken by a server of our own."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile
from aiohttp import web

from engine.domain.errors import Unavailable
from engine.host.ports import free_port
from engine.speech import audio_file
from engine.speech.gtts_speaker import GoogleSpeaker

pytestmark = pytest.mark.integration


@dataclass
class Service:
    """Answers each request with an MP3 of one second; notes (text, language) of what was asked."""

    base: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    status: int = 200
    mute: bool = False

    async def answer(self, request: web.Request) -> web.Response:
        if self.status != 200:
            return web.Response(status=self.status)
        assert request.content_type == "application/x-www-form-urlencoded"
        form = await request.post()
        ((call,),) = json.loads(str(form["f.req"]))
        name, parameters = call[0], json.loads(call[1])
        assert name == "jQ1olc"
        self.asked.append((parameters[0], parameters[1]))
        sound = None if self.mute else json.dumps([base64.b64encode(mp3()).decode()])
        frames = [["wrb.fr", name, sound, None, None, None, "generic"], ["di", 59], ["af.httprm", 58, "1", 9]]
        body = json.dumps(frames, separators=(",", ":"))
        return web.Response(text=f')]}}\'\n\n{len(body)}\n{body}\n27\n[["e",4,null,null,140]]\n')


def mp3() -> bytes:
    file = io.BytesIO()
    soundfile.write(file, 0.3 * np.sin(2 * np.pi * 500 * np.arange(24000) / 24000), 24000, format="MP3")
    return file.getvalue()


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    app = web.Application()
    app.router.add_post("/_/TranslateWebserverUi/data/batchexecute", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    made.base = f"http://127.0.0.1:{port}"
    yield made
    await runner.cleanup()


async def test_a_short_text_is_one_request(service: Service, tmp_path: Path) -> None:
    await GoogleSpeaker(service.base).speak("Ваш заказ «доставлен»", "ru", tmp_path / "out")
    assert service.asked == [("Ваш заказ «доставлен»", "ru")]
    assert len(audio_file.read(tmp_path / "out", "out", 8000)) == pytest.approx(8000, abs=900)


async def test_a_long_text_is_cut_and_joined(service: Service, tmp_path: Path) -> None:
    await GoogleSpeaker(service.base).speak("Мы работаем каждый день без выходных. " * 10, "ru", tmp_path / "out")
    assert len(service.asked) >= 4
    assert all(len(text) <= 100 for text, _ in service.asked)
    assert len(audio_file.read(tmp_path / "out", "out", 8000)) == pytest.approx(8000 * len(service.asked), rel=0.1)


@pytest.mark.parametrize(
    ("status", "mute", "code"),
    [(200, True, "speech-unexpected-answer"), (403, False, "speech-offline"), (500, False, "speech-offline")],
)
async def test_a_refusal_is_told(service: Service, tmp_path: Path, status: int, mute: bool, code: str) -> None:
    service.status, service.mute = status, mute
    with pytest.raises(Unavailable) as error:
        await GoogleSpeaker(service.base).speak("Да", "ru", tmp_path / "out")
    assert error.value.code == code


async def test_no_service_at_all(tmp_path: Path) -> None:
    base = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(Unavailable) as error:
        await GoogleSpeaker(base).speak("Да", "ru", tmp_path / "out")
    assert error.value.code == "speech-offline"
    assert base in str(error.value)
