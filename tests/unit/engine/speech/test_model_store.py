"""Fetching models: a site of our own that answers as Vosk's does."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from engine.domain.errors import BadInput, DozvonError, Unavailable
from engine.host.ports import free_port
from engine.speech import model_store

NAME = "vosk-model-small-xx-0.1"


def archive(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return file.getvalue()


GOOD = archive({f"{NAME}/am/final.mdl": b"m" * 300_000, f"{NAME}/conf/mfcc.conf": b""})


@dataclass
class Site:
    base: str = ""
    content: bytes = GOOD
    md5: str = hashlib.md5(GOOD).hexdigest()
    size: int = len(GOOD)
    ranges: list[str] = field(default_factory=list)
    takes_ranges: bool = True
    listing: str | None = None

    async def list(self, _request: web.Request) -> web.Response:
        if self.listing is not None:
            return web.Response(text=self.listing)
        entry = {"name": NAME, "url": f"{self.base}/model.zip", "md5": self.md5, "size": self.size}
        return web.json_response([{"name": "vosk-model-other"}, entry])

    async def model(self, request: web.Request) -> web.Response:
        asked = request.headers.get("Range", "")
        self.ranges.append(asked)
        if asked and self.takes_ranges:
            return web.Response(status=206, body=self.content[int(asked[6:-1]) :])
        return web.Response(body=self.content)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    app = web.Application()
    app.router.add_get("/list.json", made.list)
    app.router.add_get("/model.zip", made.model)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    made.base = f"http://127.0.0.1:{port}"
    yield made
    await runner.cleanup()


async def get(site: Site, store: Path, name: str = NAME) -> Path:
    said: list[str] = []
    return await model_store.get(name, store, said.append, f"{site.base}/list.json")


def within(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


async def test_a_model_is_fetched_once(site: Site, tmp_path: Path) -> None:
    for _ in range(2):
        assert await get(site, tmp_path) == tmp_path / NAME
    assert site.ranges == [""]
    assert model_store.installed(tmp_path) == {NAME: tmp_path / NAME}
    assert within(tmp_path) == {NAME, f"{NAME}/am", f"{NAME}/am/final.mdl", f"{NAME}/conf", f"{NAME}/conf/mfcc.conf"}
    assert (tmp_path / NAME / "am" / "final.mdl").stat().st_size == 300_000


@pytest.mark.parametrize("takes_ranges", [True, False])
async def test_a_cut_download_goes_on(site: Site, tmp_path: Path, takes_ranges: bool) -> None:
    site.content = GOOD[:100_000]
    with pytest.raises(Unavailable) as told:
        await get(site, tmp_path)
    assert told.value.code == "speech-model-cut"
    site.content, site.takes_ranges = GOOD, takes_ranges
    await get(site, tmp_path)
    assert site.ranges == ["", "bytes=100000-"]


@pytest.mark.parametrize("content", [GOOD[:-1] + b"x", GOOD + b"more"])
async def test_another_archive_is_refused(site: Site, tmp_path: Path, content: bytes) -> None:
    site.content = content
    with pytest.raises(Unavailable) as told:
        await get(site, tmp_path)
    assert told.value.code == "speech-model-checksum"
    assert model_store.installed(tmp_path) == {}
    site.content = GOOD
    await get(site, tmp_path)


@pytest.mark.parametrize("evil", ["../outside", "/etc/outside", "..\\outside", f"{NAME}/../../outside", "C:/outside"])
async def test_nothing_is_written_outside(site: Site, tmp_path: Path, evil: str) -> None:
    site.content = archive({f"{NAME}/am/final.mdl": b"", evil: b"evil"})
    site.md5, site.size = hashlib.md5(site.content).hexdigest(), len(site.content)
    with pytest.raises(BadInput) as told:
        await get(site, tmp_path / "store")
    assert told.value.code == "speech-model-archive-unsafe"
    assert within(tmp_path) == {"store", f"store/{NAME}.zip.part"}


@pytest.mark.parametrize(
    ("content", "code"), [(archive({"readme": b""}), "speech-model-bad"), (b"no archive", "speech-model-archive")]
)
async def test_an_archive_without_a_model(site: Site, tmp_path: Path, content: bytes, code: str) -> None:
    site.content, site.md5, site.size = content, hashlib.md5(content).hexdigest(), len(content)
    with pytest.raises(BadInput) as told:
        await get(site, tmp_path)
    assert told.value.code == code
    assert model_store.installed(tmp_path) == {}


@pytest.mark.parametrize(
    ("name", "code"),
    [("../../etc", "speech-model-name"), ("vosk-model-none", "speech-model-unknown"), ("", "speech-model-name")],
)
async def test_names_that_are_none(site: Site, tmp_path: Path, name: str, code: str) -> None:
    with pytest.raises(BadInput) as told:
        await get(site, tmp_path, name)
    assert told.value.code == code


@pytest.mark.parametrize("listing", ["<html>", "{}", f'[{{"name": "{NAME}", "url": 5}}]'])
async def test_a_list_that_is_none(site: Site, tmp_path: Path, listing: str) -> None:
    site.listing = listing
    with pytest.raises(DozvonError) as told:
        await get(site, tmp_path)
    assert told.value.code in ("speech-model-list", "speech-model-unknown")


async def test_without_a_network_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as told:
        await model_store.get(NAME, tmp_path, print, f"http://127.0.0.1:{free_port()}/list.json")
    assert told.value.code == "speech-model-offline"
    assert str(tmp_path) in str(told.value)


async def test_a_directory_that_is_no_model_is_named(site: Site, tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(BadInput) as told:
        await get(site, tmp_path)
    assert told.value.code == "speech-model-bad"
