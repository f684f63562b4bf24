"""Streams: order, merging, partials that stand, cancelling, closing. The adapter writes down what it is fed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.errors import Unavailable
from engine.speech.recogniser import BEST_PIECE_S, Final, PreRoll, Recogniser, Stream
from engine.speech.steady import Steady

PIECE = bytes(2560)


class Scribe:
    """A model whose words are the lengths of the pieces it was fed. ``gate`` holds the decoding up."""

    closed = False
    piece_s = BEST_PIECE_S

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.fed = bytearray()
        self.pieces: list[int] = []
        self.open = self.made = 0
        self.at_once = self.most_at_once = 0
        self.fails = False

    def describe(self) -> str:
        return "scribe"

    def unknown_words(self, words: Sequence[str]) -> tuple[str, ...]:
        return ()

    def decoder(self, words: Sequence[str] | None) -> Scribe:
        self.made += 1
        self.open += 1
        return self

    def feed(self, pcm: bytes) -> str:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        assert self.gate.wait(10)
        self.at_once -= 1
        if self.fails:
            raise ValueError("no sound card")
        self.fed += pcm
        self.pieces.append(len(pcm))
        return " ".join(map(str, self.pieces))

    def finish(self) -> Final:
        said, self.pieces = " ".join(map(str, self.pieces)), []
        return Final(said)

    def close(self) -> None:
        self.open -= 1

    def release(self) -> None: ...


@pytest.fixture
async def scribe() -> Scribe:
    return Scribe()


@pytest.fixture
async def recogniser(scribe: Scribe) -> AsyncIterator[Recogniser]:
    made = await Recogniser.load(lambda: scribe, threads=2)
    yield made
    scribe.gate.set()
    await made.close()


def stream_of(recogniser: Recogniser, told: list[str] | None = None) -> Stream:
    return recogniser.open(["да"], (told if told is not None else []).append)


async def test_frames_are_decoded_in_pieces_and_none_is_lost(recogniser: Recogniser, scribe: Scribe) -> None:
    stream = stream_of(recogniser)
    frames = [bytes([number % 256]) * 320 for number in range(253)]
    for frame in frames:
        stream.feed(frame)
    await stream.finish()
    assert bytes(scribe.fed) == b"".join(frames)


async def test_what_piles_up_is_one_piece(recogniser: Recogniser, scribe: Scribe) -> None:
    stream = stream_of(recogniser)
    scribe.gate.clear()
    for _ in range(50):
        stream.feed(PIECE)
    scribe.gate.set()
    assert await stream.finish() == Final("2560 125440")
    assert scribe.most_at_once == 1


async def test_what_is_fed_after_the_end_is_the_next_utterance(recogniser: Recogniser, scribe: Scribe) -> None:
    stream = stream_of(recogniser)
    scribe.gate.clear()
    stream.feed(PIECE)
    first = stream.finish()
    stream.feed(PIECE + PIECE)
    second = stream.finish()
    scribe.gate.set()
    assert [await first, await second] == [Final("2560"), Final("5120")]
    assert scribe.made == 1


async def test_a_short_rest_is_decoded_at_the_end(recogniser: Recogniser) -> None:
    stream = stream_of(recogniser)
    stream.feed(bytes(320))
    assert await stream.finish() == Final("320")
    assert await stream.finish() == Final("")


async def test_a_stream_never_fed_makes_no_decoder(recogniser: Recogniser, scribe: Scribe) -> None:
    stream = stream_of(recogniser)
    assert await stream.finish() == Final("")
    stream.close()
    assert scribe.made == 0


async def test_a_cancelled_end_loses_nothing(recogniser: Recogniser, scribe: Scribe) -> None:
    stream = stream_of(recogniser)
    scribe.gate.clear()
    stream.feed(PIECE)
    waiting = stream.finish()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    stream.feed(PIECE)
    scribe.gate.set()
    assert await stream.finish() == Final("2560")


async def test_closing_gives_the_decoder_back_after_its_last_piece(recogniser: Recogniser, scribe: Scribe) -> None:
    stream = stream_of(recogniser)
    scribe.gate.clear()
    stream.feed(PIECE)
    stream.feed(PIECE)
    waiting = stream.finish()
    stream.close()
    stream.close()
    assert await waiting == Final("")
    scribe.gate.set()
    await recogniser.close()
    assert (scribe.open, len(scribe.fed)) == (0, 2560)


async def test_a_failure_is_told_and_ends_the_stream(recogniser: Recogniser, scribe: Scribe) -> None:
    stream = stream_of(recogniser)
    scribe.fails = True
    stream.feed(PIECE)
    with pytest.raises(Unavailable) as told:
        await stream.finish()
    assert (told.value.code, told.value.params["reason"]) == ("recogniser-failed", "no sound card")
    stream.feed(PIECE)
    with pytest.raises(Unavailable):
        await stream.finish()
    stream.close()
    await recogniser.close()
    assert scribe.open == 0


async def test_streams_after_the_end_of_the_pool_hear_nothing(recogniser: Recogniser) -> None:
    stream = stream_of(recogniser)
    await recogniser.close()
    stream.feed(PIECE)
    assert await stream.finish() == Final("")


async def test_partials_are_told_once_they_stand(recogniser: Recogniser) -> None:
    told: list[str] = []
    stream = stream_of(recogniser, told)
    for _ in range(3):
        stream.feed(PIECE)
        await stream.idle.wait()
    assert told == ["2560", "2560 2560"]
    await stream.finish()
    stream.feed(PIECE)
    await stream.idle.wait()
    assert told == ["2560", "2560 2560"]


def test_a_word_counts_at_the_second_look() -> None:
    steady = Steady()
    looks = [steady.look(text) for text in ("не", "нет", "нет спасибо", "нет спасибо")]
    assert looks == ["", "", "нет", "нет спасибо"]


@given(st.lists(st.booleans(), max_size=60))
def test_speech_comes_through_with_what_was_around_it(voice: list[bool]) -> None:
    roll = PreRoll(0.1, 0.04)
    came = b"".join(roll.push(bytes([number]) * 320, voiced) for number, voiced in enumerate(voice))
    heard = [came[at] for at in range(0, len(came), 320)]
    wanted = {
        near
        for number, voiced in enumerate(voice)
        for near in range(number - 5, number + 3)
        if voiced and 0 <= near < len(voice)
    }
    assert heard == sorted(wanted)
