"""Files by signed links, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import pytest
from litestar import Litestar, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency, Provide
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.testing import AsyncTestClient

from engine.domain.ids import AccountId
from management.app import create_app
from management.settings import Settings
from management.store.kinds import MIB, RULES, Kind
from management.store.links import FileLink, Links
from management.store.media import MediaStore, open_store
from management.store.uploads import body_limit, chunks_of

SECRET = "s" * 32
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
CONTENT = b"ID3" + bytes(range(256)) * 40


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[AsyncTestClient[Litestar]]:
    async with AsyncTestClient(create_app(Settings(NOWHERE, media=tmp_path, secret=SECRET))) as client:
        yield client


@pytest.fixture
async def link(tmp_path: Path) -> FileLink:
    kept = await open_store(tmp_path).put_bytes(Kind.AUDIO, AccountId(1), CONTENT)
    return FileLink(kept.key, kept.media, "Запись.mp3", inline=True)


async def test_whole_and_in_parts(client: AsyncTestClient[Litestar], link: FileLink) -> None:
    address = f"/files/{Links(SECRET).sign(link)}"
    whole = await client.get(address)
    assert (whole.status_code, whole.content) == (200, CONTENT)
    assert whole.headers["content-type"] == "audio/mpeg"
    assert whole.headers["content-length"] == str(len(CONTENT))
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["content-disposition"].startswith("inline; ")
    assert whole.headers["accept-ranges"] == "bytes"
    assert "default-src 'none'" in whole.headers["content-security-policy"]
    part = await client.get(address, headers={"range": "bytes=3-12"})
    assert (part.status_code, part.content) == (206, CONTENT[3:13])
    assert part.headers["content-range"] == f"bytes 3-12/{len(CONTENT)}"
    beyond = await client.get(address, headers={"range": "bytes=99999999-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(CONTENT)}")


async def test_no_link_that_does_not_hold(client: AsyncTestClient[Litestar], link: FileLink, tmp_path: Path) -> None:
    links = Links(SECRET)
    answers = []
    for token in (
        links.sign(link, life_s=-1),
        Links("t" * 32).sign(link),
        links.sign(link)[:-5],
        links.sign(FileLink("accounts/1/audio/gone.mp3", "audio/mpeg", "x")),
        "nothing",
    ):
        answer = await client.get(f"/files/{token}")
        answers.append((answer.status_code, answer.text))
    assert {status for status, _ in answers} == {404}
    assert len(set(answers)) == 1  # one cannot be told from another
    token = links.sign(link)
    await open_store(tmp_path).delete(link.key)
    assert (await client.get(f"/files/{token}")).status_code == 404


@post("/upload", request_max_body_size=body_limit(Kind.AUDIO))
async def _upload(
    data: Annotated[UploadFile, Body(media_type=RequestEncodingType.MULTI_PART)], media: NamedDependency[MediaStore]
) -> dict[str, object]:
    kept = await media.put(Kind.AUDIO, AccountId(1), chunks_of(data))
    return {"size": kept.size, "spooled": data.rolled_to_disk or data.file.closed}


async def test_a_multipart_upload_goes_over_the_disk_and_a_huge_one_is_cut_short(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    app = Litestar([_upload], dependencies={"media": Provide(lambda: store, sync_to_thread=False)})
    async with AsyncTestClient(app) as client:
        content = CONTENT + bytes(3 * MIB)
        kept = await client.post("/upload", files={"data": ("x.exe", content, "application/x-msdownload")})
        assert kept.json() == {"size": len(content), "spooled": True}
        huge = bytes(RULES[Kind.AUDIO].largest + 2 * MIB)
        assert (await client.post("/upload", files={"data": ("x.mp3", huge)})).status_code == 413
