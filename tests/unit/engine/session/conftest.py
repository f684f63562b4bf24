"""One call on paper: the test is the network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.domain.attempt import Attempt, CallRecord
from engine.domain.ids import E164, CallId, CampaignId, ScenarioId
from engine.domain.telephony import CallEvent, Connected, DigitReceived, Ended, HangupRequested, PlaybackDone, Ringing
from engine.scenario.document import Scenario
from engine.scenario.script import Script
from engine.session.call import Call
from engine.session.ear import Hearing
from engine.session.messages import Message
from engine.session.switchboard import Switchboard
from tests.support.phone import PaperClips, PaperPhone, PaperStore, now

ID = "11111111-2222-3333-4444-555555555555"
HELLO = {"id": "hello", "play": {"type": "audio", "material": "hello"}}
ATTEMPT = Attempt(
    call_id=CallId(ID),
    campaign=CampaignId(1),
    phone=E164("+79001234502"),
    caller_id="+74951234567",
    trunk="trunk",
    scenario=ScenarioId(1),
    fields={"name": "Анна"},
    answer_timeout_s=20,
    action_timeout_s=7,
    longest_call_s=600,
    record=False,
)


@dataclass
class Line:
    """The called person's end of the line."""

    folder: Path
    phone: PaperPhone = field(default_factory=PaperPhone)
    store: PaperStore = field(default_factory=PaperStore)
    clips: PaperClips = field(default_factory=PaperClips)
    hearing: Hearing | None = None
    inbound: list[str] = field(default_factory=list)
    tasks: list[asyncio.Task[CallRecord]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.switchboard = Switchboard(self.phone, self._came_in)

    async def _came_in(self, event: Connected) -> None:
        self.inbound.append(event.channel)

    async def call(self, start: dict[str, Any] | None = None, **changes: Any) -> asyncio.Task[CallRecord]:
        """Begin a call with a scenario of this start node, and wait until it was placed."""
        scenario = msgspec.convert({"name": "test", "start": start or HELLO}, Scenario)
        attempt = replace(ATTEMPT, **changes)
        script = Script.of(scenario)
        self.made = Call(attempt, script, self.clips, {}, self.phone, self.store, self.folder, self.hearing)
        task = asyncio.ensure_future(self.switchboard.run(self.made))
        self.tasks.append(task)
        await self.phone.until("originate", attempt.call_id)
        return task

    def tell(self, event: CallEvent) -> None:
        self.switchboard.deliver(event)

    def say(self, message: Message) -> None:
        """Something that comes from the engine itself."""
        self.made.deliver(message)

    def rings(self, channel: str = ID) -> None:
        self.tell(Ringing(channel, now()))

    def answers(self, channel: str = ID, args: str = "call") -> None:
        self.tell(Connected(channel, (args,), now()))

    def presses(self, key: str) -> None:
        self.tell(DigitReceived(ID, key, now()))

    def played(self, number: int, *, failed: bool = False) -> None:
        self.tell(PlaybackDone(ID, f"{ID}.play#{number}", failed, now()))

    def leaves(self) -> None:
        self.tell(HangupRequested(ID, now()))

    def gone(self, channel: str = ID, cause: int = 16, sip: int = 0) -> None:
        self.phone.live.discard(channel)
        self.tell(Ended(channel, cause, "", sip, now()))

    async def settled(self) -> None:
        """Every message that lies in the mailbox has been taken."""
        for _ in range(50):
            await asyncio.sleep(0)


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    made = Line(tmp_path)
    yield made
    for task in made.tasks:
        task.cancel()
    await asyncio.gather(*made.tasks, return_exceptions=True)
