"""Asterisk's own AMD() on calls that the test carrier plays: real calls, in real time, many at once."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.support.rig import asterisks
from engine.amd_tools.recordings import Recording, opening
from engine.host.asterisk import AsteriskInstance
from engine.speech.g711 import alaw
from engine.stack import CARRIER, Stack

_FAMILY = "amdbench"
_LONGEST_S = 14.0
_APART_S = 0.06
"""Between two originates: 16 calls a second."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """Arguments of AMD(), milliseconds; the defaults are Asterisk's sample configuration's."""

    initial_silence: int = 2500
    greeting: int = 1500
    after_greeting_silence: int = 800
    total_analysis_time: int = 5000
    min_word_length: int = 100
    between_words_silence: int = 50
    maximum_number_of_words: int = 2
    silence_threshold: int = 256
    maximum_word_length: int = 5000

    @property
    def arguments(self) -> str:
        return ",".join(str(getattr(self, name)) for name in self.__slots__)


GRID = (
    Tuning(),
    Tuning(maximum_number_of_words=3),
    Tuning(maximum_number_of_words=4, greeting=2000),
    Tuning(initial_silence=3500, maximum_number_of_words=3),
    Tuning(initial_silence=3500, maximum_number_of_words=4, greeting=2000),
    Tuning(initial_silence=3500, maximum_number_of_words=5, greeting=2500),
    Tuning(initial_silence=3500, maximum_number_of_words=3, after_greeting_silence=600),
    Tuning(initial_silence=3500, maximum_number_of_words=4, greeting=2000, silence_threshold=512),
    Tuning(initial_silence=3500, maximum_number_of_words=4, greeting=2000, silence_threshold=900),
)
"""What operators turn: patience, words, length of a greeting, threshold of silence."""


@dataclass(frozen=True, slots=True)
class Call:
    """``status``: AMDSTATUS, '' when the call never came to a verdict. ``at``: seconds from the answer."""

    recording: Recording
    status: str
    cause: str
    at: float

    @property
    def taken_for_person(self) -> bool:
        """NOTSURE is treated as a person, as Asterisk's documentation advises."""
        return self.status != "MACHINE"


class Reference:
    """Uses two running Asterisks; their dialplans get an extension each, by console command, for the time they run."""

    def __init__(self, stack: Stack, folder: Path, at_once: int) -> None:
        self._stack = stack
        self._platform, self._carrier = asterisks(stack)
        self._folder = folder
        self._at_once = at_once
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        steps = ("Answer()", f"Playback({folder}/${{EXTEN:4}})", "Wait(1)", "Hangup()")
        _extension(self._carrier, "_+711XXXXXX", "from-trunk", steps)
        clock = "${STRFTIME(,,%s%3q)}"
        self._steps = (
            f"Set(BEGAN={clock})",
            "AMD(${AMDARGS})",
            f"Set(DB({_FAMILY}/${{EXTEN}})=${{AMDSTATUS}}|${{AMDCAUSE}}|$[{clock}-${{BEGAN}}])",
            "Hangup()",
        )
        _extension(self._platform, "_X.", "bench-amd", self._steps)

    async def run(self, found: Sequence[Recording], tuning: Tuning) -> list[Call]:
        """Calls each recording once."""
        for number, recording in enumerate(found):
            (self._folder / f"{number:06d}.alaw").write_bytes(alaw(opening(recording)))
        self._platform.command(f"database deltree {_FAMILY}")
        free, pace = asyncio.Semaphore(self._at_once), asyncio.Lock()
        user = aiohttp.BasicAuth("dozvon", self._stack.password_file.read_text().strip())
        async with aiohttp.ClientSession(auth=user) as http:
            await asyncio.gather(*(self._call(http, number, tuning, free, pace) for number in range(len(found))))
        results = _results(self._platform.command(f"database show {_FAMILY}"))
        return [_call(recording, results.get(f"{number:06d}", "")) for number, recording in enumerate(found)]

    async def _call(
        self, http: aiohttp.ClientSession, number: int, tuning: Tuning, free: asyncio.Semaphore, pace: asyncio.Lock
    ) -> None:
        async with free:
            async with pace:
                await asyncio.sleep(_APART_S)
            address = f"http://127.0.0.1:{self._stack.ports.platform_http}/ari/channels"
            body: Mapping[str, object] = {
                "endpoint": f"PJSIP/+711{number:06d}@{CARRIER}",
                "extension": f"{number:06d}",
                "context": "bench-amd",
                "priority": 1,
                "channelId": f"amd-{tuning.arguments}-{number}",
                "variables": {"AMDARGS": tuning.arguments},
            }
            async with http.post(address, json=body) as answer:
                answer.raise_for_status()
            await self._gone(http, f"{address}/{body['channelId']}")

    @staticmethod
    async def _gone(http: aiohttp.ClientSession, address: str) -> None:
        for _ in range(int(_LONGEST_S / 0.25)):
            await asyncio.sleep(0.25)
            async with http.get(address) as answer:
                if answer.status == 404:
                    return


def _extension(asterisk: AsteriskInstance, pattern: str, context: str, steps: Sequence[str]) -> None:
    asterisk.command(f"dialplan remove extension {pattern}@{context}")
    for priority, step in enumerate(steps, 1):
        asterisk.command(f"dialplan add extension {pattern},{priority},{step} into {context}")


def _results(listing: str) -> dict[str, str]:
    """Lines ``/amdbench/000012   : HUMAN|…|1234``."""
    pairs = (line.partition(":")[::2] for line in listing.splitlines() if line.startswith(f"/{_FAMILY}/"))
    return {key.strip().rpartition("/")[2]: value.strip() for key, value in pairs}


def _call(recording: Recording, result: str) -> Call:
    status, _, rest = result.partition("|")
    cause, _, elapsed = rest.rpartition("|")
    return Call(recording, status, cause, float(elapsed or 0) / 1000)
