"""What a conversation gave: saved once, never lost, each side effect with a key of its own."""

from __future__ import annotations

from engine.domain.attempt import Result
from tests.unit.engine.session.conftest import HELLO, ID, Line
from tests.unit.engine.session.test_call import ask


async def test_marks_that_could_not_be_saved_come_with_the_record(line: Line) -> None:
    call = await line.call(ask())
    line.answers()
    await line.phone.until("play")
    line.store.away = True
    line.presses("1")
    await line.phone.until("play", f"{ID}.play#2")
    line.gone()
    record = await call
    assert record.unsaved is not None
    assert (record.unsaved.path, record.unsaved.result) == (("ask", "ask:1", "goal"), Result.LEAD)


async def test_marks_are_saved_once(line: Line) -> None:
    call = await line.call(ask())
    line.answers()
    for key in "9", "8":  # no match, no repeats: only the first is told
        line.presses(key)
    line.gone()
    await call
    assert len(line.store.marks) == len({repr(marks) for marks in line.store.marks})


async def test_messages_and_webhooks_have_keys_of_their_own(line: Line) -> None:
    text = {"type": "text", "text": "Здравствуйте, {{name}}"}
    start = {
        **HELLO, "messages": [text, text], "webhooks": [{"integration": "crm", "params": {"n": "{{name}}"}}],
    }  # fmt: skip
    call = await line.call(start)
    line.answers()
    await line.phone.until("play")
    line.gone()
    await call
    effects = line.store.marks[-1].effects
    assert [effect.key for effect in effects] == [
        f"{ID}:hello:message:0", f"{ID}:hello:message:1", f"{ID}:hello:webhook:0",
    ]  # fmt: skip
    assert effects[0].payload == {"phone": "+79001234502", "text": "Здравствуйте, Анна", "material": ""}
    assert effects[2].payload == {"phone": "+79001234502", "integration": "crm", "params": {"n": "Анна"}}


async def test_a_number_keyed_in(line: Line) -> None:
    """Several digits, ended by #; and what was keyed in can be said and sent."""
    branch = {
        "when": {"type": "input", "min": 2, "max": 8, "save_as": "code"},
        "then": {"id": "said", "play": {"type": "tts", "text": "Код {{code}}"}},
    }
    call = await line.call({**HELLO, "recognition": {"branches": [branch]}})
    line.answers()
    await line.phone.until("play")
    for key in "1204#":
        line.presses(key)
    await line.phone.until("play", f"{ID}.play#2", "Код 1204.alaw")
    line.gone()
    await call
    (effect,) = line.store.marks[-1].effects
    assert (effect.kind, effect.payload["name"], effect.payload["value"]) == ("field", "code", "1204")
    assert line.store.marks[-1].dtmf == "1204#"
    assert "1204" not in "".join(line.store.marks[-1].path), "what was keyed in is personal"
