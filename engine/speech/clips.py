"""Prompts made into files that Asterisk plays without transcoding: 8 kHz A-law, cached by what is in them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from engine.domain.errors import BadInput, Unavailable
from engine.domain.prompt import AudioPrompt, Prompt, SpeechPrompt
from engine.domain.text import mark
from engine.speech import audio_file, band, g711, loudness
from engine.speech.speaker import Speaker

_RECIPE = b"1"
"""Change it when the way from samples to clip changes: older clips are then no longer found."""
_PARTIAL = ".part"
"""A file's ending while it is written; of a process that is killed then, such a file remains."""
_LINEAR = ".linear.sln"
_ENDINGS = (".alaw", _LINEAR, _PARTIAL)
UNUSED_S = 30 * 86400.0
"""A clip that nobody asked for in so long is deleted: names and other personal texts are spoken in them."""
_MARK_S = 86400.0
"""How exactly it is known when a clip was last asked for: its file's time is not written anew for every call."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A recording that was read. ``stamp``: inode, size and time of change, which tell a file from the one before it."""

    source: Path
    stamp: tuple[int, int, int] | None
    clip: Path


class ClipStore:
    """Clips in ``folder``, named by a hash of their contents' origin, so that cells may share or copy the folder.

    ``speakers`` by provider name. ``materials`` gives a material's file (which may not exist). At most ``workers``
    clips are rendered at once; requests for a clip that is being rendered wait for that one rendering.
    Use from one event loop.
    """

    def __init__(
        self,
        folder: Path,
        speakers: Mapping[str, Speaker],
        materials: Callable[[str], Path],
        workers: int = 2,
    ) -> None:
        self._folder = folder
        self._speakers = dict(speakers)
        self._materials = materials
        self._free = asyncio.Semaphore(workers)
        self._under_way: dict[Prompt, asyncio.Task[Path]] = {}
        self._read: dict[Prompt, _Read] = {}

    async def clip(self, prompt: Prompt) -> Path:
        """The ``.alaw`` file of ``prompt``, rendered if there is none. Asterisk plays it by its path without suffix.

        BadInput names the material or voice that cannot be used; Unavailable when a voice does not work now or the
        folder cannot be written. A caller that is cancelled does not stop a rendering others wait for.
        """
        if (known := self._known(prompt)) is not None:
            return known
        task = self._under_way.get(prompt)
        if task is None:
            task = asyncio.create_task(self._make(prompt), name="clip")
            self._under_way[prompt] = task
            task.add_done_callback(lambda done: self._finished(prompt, done))
        return await asyncio.shield(task)

    async def prepare(self, prompts: Iterable[Prompt]) -> dict[Prompt, Path]:
        """Clips of all ``prompts``. The first error is raised, after the renderings already begun have ended."""
        wanted = list(dict.fromkeys(prompts))
        known = {prompt: clip for prompt in wanted if (clip := self._known(prompt)) is not None}
        if len(known) == len(wanted):
            return known
        made = await asyncio.gather(*(self.clip(p) for p in wanted), return_exceptions=True)
        paths: dict[Prompt, Path] = {}
        for prompt, result in zip(wanted, made, strict=True):
            if isinstance(result, BaseException):
                raise result
            paths[prompt] = result
        return paths

    async def linear(self, clip: Path) -> Path:
        """``clip`` as 16-bit samples (``.linear.sln``), for calls that are recorded; made when there is none.

        Asterisk takes a channel's sound apart for MixMonitor with a translator that drops frames of a lower sequence number
        than the last. Frames of a file in A-law have the number 0; after them, half of the callers' streams (those that begin
        above 32767) would not be in the recording for minutes. Linear frames need no translator, so it begins with the stream.
        Raises Unavailable when the file cannot be written.
        """
        path = clip.with_suffix(_LINEAR)
        if not _wanted(path):
            await asyncio.to_thread(
                self._store, path, lambda: g711.samples16(clip.read_bytes()).astype("<i2").tobytes()
            )
        return path

    @staticmethod
    def duration_s(path: Path) -> float:
        """Seconds of a clip."""
        return path.stat().st_size / band.RATE

    def sweep(self, unused_s: float = UNUSED_S) -> int:
        """Delete the clips that no process asked for in ``unused_s`` seconds; how many. One that is wanted again is made again. Blocks."""
        oldest, gone = time.time() - unused_s, 0
        for path in (file for ending in _ENDINGS for file in self._folder.glob(f"*{ending}")):
            with contextlib.suppress(FileNotFoundError):  # another cell sweeps, too
                if path.stat().st_mtime < oldest:
                    path.unlink()
                    gone += 1
        return gone

    def _finished(self, prompt: Prompt, task: asyncio.Task[Path]) -> None:
        del self._under_way[prompt]
        if not task.cancelled():
            task.exception()  # else asyncio complains when every waiter had been cancelled

    async def _make(self, prompt: Prompt) -> Path:
        async with self._free:
            match prompt:
                case AudioPrompt():
                    return await asyncio.to_thread(self._from_recording, prompt)
                case SpeechPrompt():
                    return await self._from_speech(prompt)
                case _:
                    assert_never(prompt)

    def _known(self, prompt: Prompt) -> Path | None:
        """The clip of a recording that is as it was when it was read: every attempt asks, and a long one takes a while."""
        read = self._read.get(prompt)
        if read is None or read.stamp is None or read.stamp != _stamp(read.source) or not _wanted(read.clip):
            return None
        return read.clip

    def _from_recording(self, prompt: AudioPrompt) -> Path:
        source = self._materials(prompt.material)
        stamp = _stamp(source)  # before it is read: what changes meanwhile is read again
        clip = self._from_file(source, prompt)
        self._read[prompt] = _Read(source, stamp, clip)
        return clip

    def _from_file(self, source: Path, prompt: AudioPrompt) -> Path:
        try:
            with source.open("rb") as file:
                name = hashlib.file_digest(file, lambda: hashlib.sha256(_RECIPE + b"audio")).hexdigest()
        except FileNotFoundError as error:
            raise BadInput("clip-missing", mark("Recording “{name}” does not exist."), name=prompt.material) from error
        except OSError as error:
            raise BadInput(
                "clip-damaged", mark("Recording “{name}” cannot be read as sound."), name=prompt.material
            ) from error
        return self._stored(name) or self._convert(source, prompt.material, name)

    async def _from_speech(self, prompt: SpeechPrompt) -> Path:
        provider, _, voice = prompt.voice.partition(":")
        speaker = self._speakers.get(provider)
        if speaker is None:
            raise BadInput(
                "clip-unknown-provider",
                mark("Voice “{voice}” cannot be used: there is no provider “{provider}”; known are: {known}."),
                voice=prompt.voice,
                provider=provider,
                known=", ".join(sorted(self._speakers)),
            )
        said = "\0".join(("speech", prompt.voice, prompt.text)).encode()
        name = hashlib.sha256(_RECIPE + said).hexdigest()
        stored = self._stored(name)
        if stored is not None:
            return stored
        with tempfile.TemporaryDirectory(prefix="dozvon-speech-") as folder:
            spoken = Path(folder, "spoken.wav")
            await speaker.speak(prompt.text, voice, spoken)
            return await asyncio.to_thread(self._convert, spoken, prompt.voice, name)

    def _stored(self, name: str) -> Path | None:
        path = self._folder / f"{name}.alaw"
        return path if _wanted(path) else None

    def _convert(self, source: Path, title: str, name: str) -> Path:
        samples = band.telephone(audio_file.read(source, title, band.RATE))
        path = self._folder / f"{name}.alaw"
        self._store(path, lambda: g711.alaw(loudness.normalised(samples, band.RATE)))
        return path

    def _store(self, path: Path, content: Callable[[], bytes]) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _write_whole(path, content())
        except OSError as error:
            raise Unavailable(
                "clip-cannot-write",
                mark("Cannot write to {folder}: {reason}."),
                folder=self._folder,
                reason=error.strerror,
            ) from error


def _wanted(clip: Path) -> bool:
    """Whether there is such a clip; that it was asked for is marked in its file's time."""
    try:
        if clip.stat().st_mtime < time.time() - _MARK_S:
            with contextlib.suppress(PermissionError):  # another user's
                os.utime(clip)
    except OSError:
        return False
    return True


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _write_whole(path: Path, octets: bytes) -> None:
    """Under the final name there is nothing or the whole file, also when two processes render the same clip."""
    descriptor, partial = tempfile.mkstemp(prefix=".", suffix=_PARTIAL, dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(octets)
        Path(partial).chmod(0o644)  # Asterisk may run as another user
        Path(partial).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(partial).unlink()
        raise
