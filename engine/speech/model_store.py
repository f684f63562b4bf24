"""Speech models on disk, and fetching them from Vosk's site: list of models → archive → checked directory."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import aiohttp

from engine.domain.errors import BadInput, Unavailable
from engine.domain.text import mark, translate
from engine.speech.vosk_recogniser import require_model

LIST = "https://alphacephei.com/vosk/models/model-list.json"
"""Names, addresses, sizes and MD5 sums of all models that Vosk's authors publish."""
RUSSIAN = "vosk-model-small-ru-0.22"
_NAME = re.compile(r"vosk-model-[A-Za-z0-9._-]{1,80}")
_CHUNK = 1 << 18
_MOST_UNPACKED = 12 << 30
"""Bytes; the largest published model unpacks to about 6 GB."""
_SILENT_S = 30.0
_LIST_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Published:
    """An archive as the list names it. ``size`` in bytes, ``md5`` in hexadecimal."""

    name: str
    url: str
    size: int
    md5: str


def installed(store: Path) -> dict[str, Path]:
    """The models in ``store`` by name."""
    if not store.is_dir():
        return {}
    return {path.name: path for path in sorted(store.iterdir()) if _NAME.fullmatch(path.name) and path.is_dir()}


async def get(name: str, store: Path, say: Callable[[str], None], listing: str = LIST) -> Path:
    """The directory of model ``name`` in ``store``, fetched if it is not there yet.

    A download that was cut off goes on where it stopped. BadInput for an unknown name, Unavailable (which says how to
    do it by hand) when the site cannot be reached or what came is not what the list promised.
    """
    if not _NAME.fullmatch(name):
        raise BadInput("speech-model-name", mark("“{name}” is no name of a Vosk model."), name=name)
    target = store / name
    if target.is_dir():
        require_model(target)
        return target
    await asyncio.to_thread(store.mkdir, parents=True, exist_ok=True)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=_SILENT_S, sock_read=_SILENT_S)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as web:
        try:
            published = _published(name, await _listing(web, listing))
            archive = store / f"{name}.zip.part"
            await _download(web, published, archive, say)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(
                "speech-model-offline",
                mark(
                    "The model {name} cannot be fetched ({reason}). Download it on another machine from "
                    "https://alphacephei.com/vosk/models, unpack it and put the directory into {store}."
                ),
                name=name,
                reason=str(error) or type(error).__name__,
                store=str(store),
            ) from error
    say(translate("Unpacking {name}").format(name=name))
    await asyncio.to_thread(unpack, archive, target)
    archive.unlink()
    return target


async def _listing(web: aiohttp.ClientSession, url: str) -> object:
    async with web.get(url) as answer:
        answer.raise_for_status()
        raw = await answer.content.read(_LIST_BYTES)
        while piece := await answer.content.read(_LIST_BYTES - len(raw)):
            raw += piece
    try:
        return json.loads(raw)
    except ValueError as error:
        raise Unavailable("speech-model-list", mark("The list of models cannot be read.")) from error


def _published(name: str, listing: object) -> Published:
    entries = [entry for entry in listing if isinstance(entry, dict)] if isinstance(listing, list) else []
    for entry in entries:
        if entry.get("name") == name:
            url, size, md5 = entry.get("url"), entry.get("size"), entry.get("md5")
            if isinstance(url, str) and isinstance(size, int) and isinstance(md5, str):
                return Published(name, url, size, md5.lower())
            raise Unavailable("speech-model-list", mark("The list of models cannot be read."))
    raise BadInput("speech-model-unknown", mark("Vosk's list of models has no “{name}”."), name=name)


async def _download(web: aiohttp.ClientSession, model: Published, part: Path, say: Callable[[str], None]) -> None:
    have = _so_far(part, model)
    if have < model.size:
        async with web.get(model.url, headers={"Range": f"bytes={have}-"} if have else {}) as answer:
            answer.raise_for_status()
            await _save(answer, part, have if answer.status == 206 else 0, model, say)
    await asyncio.to_thread(_verify, part, model)


def _so_far(part: Path, model: Published) -> int:
    """Bytes that an earlier attempt left; what is longer than the archive is of another one."""
    have = part.stat().st_size if part.exists() else 0
    if have > model.size:
        part.unlink()
        return 0
    return have


def _verify(part: Path, model: Published) -> None:
    if part.stat().st_size < model.size:
        raise Unavailable(
            "speech-model-cut",
            mark("The download of {name} was cut off; the next attempt goes on from there."),
            name=model.name,
        )
    if _md5(part) != model.md5:
        part.unlink()
        raise _not_as_promised(model)


def _not_as_promised(model: Published) -> Unavailable:
    return Unavailable(
        "speech-model-checksum",
        mark("What was downloaded for {name} is not what the list promises; try again."),
        name=model.name,
    )


async def _save(
    answer: aiohttp.ClientResponse, part: Path, have: int, model: Published, say: Callable[[str], None]
) -> None:
    told = -1
    with part.open("r+b" if have else "wb") as file:
        file.seek(have)
        async for piece in answer.content.iter_chunked(_CHUNK):
            have += len(piece)
            if have > model.size:
                raise _not_as_promised(model)
            file.write(piece)
            percent = have * 100 // max(model.size, 1)
            if percent // 5 != told:
                told = percent // 5
                say(
                    translate("{name}: {done} of {size} MB").format(
                        name=model.name, done=have >> 20, size=model.size >> 20
                    )
                )


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def unpack(archive: Path, target: Path) -> None:
    """The model directory in ``archive`` as ``target``; all or nothing. BadInput for an archive that is damaged, holds
    no model, or would write outside of it.
    """
    with tempfile.TemporaryDirectory(prefix=".unpack-", dir=target.parent) as scratch:
        try:
            with zipfile.ZipFile(archive) as packed:
                _require_harmless(packed, archive)
                packed.extractall(scratch)
        except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as error:
            raise BadInput(
                "speech-model-archive",
                mark("{archive} is no whole archive ({reason})."),
                archive=archive.name,
                reason=str(error),
            ) from error
        inside = [path for path in Path(scratch).iterdir() if path.is_dir()]
        found = inside[0] if len(inside) == 1 else Path(scratch)
        require_model(found)
        shutil.move(str(found), target)


def _require_harmless(packed: zipfile.ZipFile, archive: Path) -> None:
    members = packed.infolist()
    paths = [PurePosixPath(member.filename.replace("\\", "/")) for member in members]
    outside = any(path.is_absolute() or ".." in path.parts or ":" in path.parts[0] for path in paths if path.parts)
    links = any(stat.S_ISLNK(member.external_attr >> 16) for member in members)
    if outside or links or sum(member.file_size for member in members) > _MOST_UNPACKED:
        raise BadInput(
            "speech-model-archive-unsafe",
            mark("{archive} holds files that do not belong into a model; it was not unpacked."),
            archive=archive.name,
        )
