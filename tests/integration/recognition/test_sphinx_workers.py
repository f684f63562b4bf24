"""PocketSphinx in processes: the same answers as in a thread, and what becomes of an utterance whose process dies."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from engine.domain.errors import Unavailable
from engine.speech.recogniser import Recogniser
from engine.speech.sphinx_recogniser import FOLDER, Here, SphinxModel
from engine.speech.sphinx_search import Job
from engine.speech.sphinx_workers import Workers
from tests.integration.recognition.test_sphinx import WORDS, clips, install, line

__all__ = ["clips", "install"]
pytestmark = pytest.mark.integration

Samples = NDArray[np.float32]


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers(FOLDER, 1)
    yield made
    made.close()
    assert processes() == []


def processes() -> list[psutil.Process]:
    return [each for each in psutil.Process().children() if "engine.speech.sphinx_search" in each.cmdline()]


def test_a_process_hears_what_a_thread_hears(workers: Workers, clips: Mapping[str, Samples]) -> None:
    here = Here(FOLDER)
    mean: str | None = None
    for clip in ("00-yes", "30-later", "31-other", "32-street"):
        job = Job(line(clips[clip]), WORDS, mean)
        found = workers.search(job)
        assert found == here.search(job)
        mean = found.mean


def test_a_process_that_dies_is_replaced_and_the_utterance_heard(
    workers: Workers, clips: Mapping[str, Samples]
) -> None:
    job = Job(line(clips["00-yes"]), WORDS)
    found = workers.search(job)
    (first,) = processes()
    first.kill()
    assert workers.search(job) == found
    (second,) = processes()
    assert second.pid != first.pid


def test_a_process_that_hangs_is_replaced(clips: Mapping[str, Samples]) -> None:
    workers = Workers(FOLDER, 1, answer_s=2.0)
    (stuck,) = processes()
    stuck.send_signal(signal.SIGSTOP)
    found = workers.search(Job(line(clips["00-yes"]), WORDS))
    assert any(name.startswith("да") for name, *_ in found.segments)
    workers.close()


async def test_a_process_that_hangs_does_not_hold_up_the_end(clips: Mapping[str, Samples]) -> None:
    recogniser = Recogniser(SphinxModel(processes=1), threads=1)
    (stuck,) = processes()
    stuck.send_signal(signal.SIGSTOP)
    streams = [recogniser.open(WORDS, lambda _: None) for _ in range(3)]
    for stream in streams:
        stream.feed(line(clips["00-yes"]))
    answers = [stream.finish() for stream in streams]
    async with asyncio.timeout(5):  # its answer would be waited for twice as long, and once more
        await recogniser.close()
    assert [(await answer).text for answer in answers] == [""] * 3
    assert processes() == []


async def test_a_process_that_reads_nothing_is_replaced(clips: Mapping[str, Samples]) -> None:
    workers = Workers(FOLDER, 1, answer_s=1.0)
    found = workers.search(Job(line(clips["00-yes"]), WORDS))
    (stuck,) = processes()
    stuck.send_signal(signal.SIGSTOP)
    silence = Job(bytes(15 * 16000), WORDS)  # more than a socket takes while nobody reads
    search = asyncio.ensure_future(asyncio.to_thread(workers.search, silence))
    try:
        await asyncio.wait_for(asyncio.shield(search), 20)
        assert workers.search(Job(line(clips["00-yes"]), WORDS)) == found
    finally:
        if stuck.is_running():
            stuck.kill()
        await search
        workers.close()


def test_one_that_could_not_load_its_model_is_begun_anew(
    tmp_path: Path, clips: Mapping[str, Samples], request: pytest.FixtureRequest
) -> None:
    folder, job = tmp_path / "model", Job(line(clips["00-yes"]), WORDS)
    shutil.copytree(FOLDER, folder)
    workers = Workers(folder, 1)
    request.addfinalizer(workers.close)
    found = workers.search(job)
    folder.rename(tmp_path / "away")
    processes()[0].kill()
    with pytest.raises(Unavailable) as told:
        workers.search(job)
    assert told.value.code == "recogniser-missing"
    (tmp_path / "away").rename(folder)
    with suppress(Unavailable):  # by the process that was begun meanwhile
        workers.search(job)
    assert workers.search(job) == found


def test_what_no_decoder_can_take_is_told_and_hurts_nobody(workers: Workers, clips: Mapping[str, Samples]) -> None:
    (before,) = processes()
    for _ in range(2):
        with pytest.raises(Unavailable) as told:
            workers.search(Job(line(clips["00-yes"]), ("да ((",)))  # not JSGF
        assert told.value.code == "recogniser-failed"
    assert workers.search(Job(line(clips["00-yes"]), WORDS)).segments
    assert processes() == [before]


def test_a_folder_without_a_model_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as told:
        SphinxModel(tmp_path, processes=2)
    assert told.value.code == "recogniser-missing"
    assert processes() == []


async def test_calls_are_heard_side_by_side(clips: Mapping[str, Samples]) -> None:
    recogniser = Recogniser(SphinxModel(processes=2), threads=2)
    streams = [recogniser.open(WORDS, lambda _: None) for _ in range(8)]
    for number, stream in enumerate(streams):
        stream.feed(line(clips["00-yes" if number % 2 else "01-no"]))
    finals = await asyncio.gather(*(stream.finish() for stream in streams))
    assert [final.text for final in finals] == ["нет", "да"] * 4
    await recogniser.close()
    assert processes() == []


def test_utterances_leave_no_memory_behind(workers: Workers, clips: Mapping[str, Samples]) -> None:
    pcm = line(clips["00-yes"])[:8000]
    (process,) = processes()
    before = 0
    for number in range(400):
        workers.search(Job(pcm, WORDS if number % 2 else ("да", f"нет {'ну ' * (number % 20)}".strip())))
        if number == 80:
            before = process.memory_info().rss
    assert process.memory_info().rss - before < 4 << 20


def test_words_of_thousands_of_scenarios_leave_no_memory_behind(workers: Workers, clips: Mapping[str, Samples]) -> None:
    """A decoder keeps every word that it was ever taught, some 150 bytes each: these would be 6 MB."""
    heard = Job(line(clips["00-yes"]), WORDS)
    found = workers.search(heard)
    (process,) = processes()
    words = map("".join, itertools.product(("ба", "ге", "ди", "зо", "ку", "лы", "ма", "ну", "по"), repeat=5))
    before = 0
    for number in range(1100):
        workers.search(Job(bytes(1600), tuple(itertools.islice(words, 50))))
        if number == 300:
            before = process.memory_info().rss
    assert next(words), "each was another one"
    assert process.memory_info().rss - before < 3 << 20
    assert workers.search(heard) == found
    assert processes() == [process]
