"""Keys: branches, no match, silence, repeats, returns; and the marks of the nodes they lead to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from engine.domain.ids import CampaignId
from tests.support.world import Row, World, ask, node, phone, sound, speech

pytestmark = pytest.mark.acceptance

MARKED = node(
    "yes",
    play=sound(),
    goal=True,
    tags=["hot", "vip"],
    messages=[{"type": "text", "text": "Спасибо, {{name}}!"}, {"type": "material", "material": "link"}],
    webhooks=[{"integration": "crm", "params": {"who": "{{name}}"}}],
)


async def together(
    world: World, *campaigns: tuple[Sequence[str], Mapping[str, Any]]
) -> tuple[list[CampaignId], list[dict[str, Row]]]:
    """Several campaigns at the same time; the rows of each by phone."""
    made = [await world.campaign(phones, scenario) for phones, scenario in campaigns]
    async with world.engine():
        rows = await asyncio.gather(*(world.ended(campaign) for campaign in made))
    return made, [{row["phone"]: row for row in each} for each in rows]


async def test_branches_and_what_has_no_branch(world: World) -> None:
    two = [phone("02"), phone("03")]
    only_one = ask(("1", node("one")), on_no_match=node("other", play=sound()))
    no_way_out = ask(("1", node("one")))
    asked_again = ask(("1", node("one")), repeats=1, timeout_s=1, on_silence=node("gave_up"))
    back = ask(("1", node("one")), timeout_s=1, on_silence=node("again", return_to="ask", max_returns=1))
    keypad = ask(("1", node("one")))
    keypad["start"]["recognition"]["branches"] = [
        {"when": {"type": "input", "min": 1, "max": 4, "save_as": "code"}, "then": node("coded", tags=["entered"])}
    ]
    keypad["start"]["recognition"]["interdigit_s"] = 1
    made, rows = await together(
        world,
        (two, ask(("1", node("one")), ("2", node("two")))),
        (two, only_one),
        (two, no_way_out),
        ([phone("04")], asked_again),
        ([phone("04")], back),
        ([phone("03")], keypad),
    )
    branches, matched, ended, repeated, returned, entered = rows

    assert {who[-2:]: (row["dtmf"], row["path"]) for who, row in branches.items()} == {
        "02": ("1", ["ask", "ask:1", "one"]),
        "03": ("2", ["ask", "ask:2", "two"]),
    }
    assert matched[phone("02")]["path"] == ["ask", "ask:1", "one"]
    assert matched[phone("03")]["path"] == ["ask", "ask:no_match", "other"]
    unmatched = ended[phone("03")]
    assert (unmatched["dtmf"], unmatched["path"]) == ("2", ["ask", "ask:no_match"])
    assert (unmatched["cause"], unmatched["hung_up_by"]) == ("no_match", "robot")
    assert repeated[phone("04")]["path"] == ["ask", "ask:repeat", "ask:silence", "gave_up"]
    assert repeated[phone("04")]["duration"] > 2 * 4, "the question was not asked twice"
    bounded = returned[phone("04")]
    assert bounded["path"] == ["ask", "ask:silence", "again", "ask", "ask:silence", "again"]
    assert bounded["cause"] == "limit"
    code = entered[phone("03")]
    assert (code["dtmf"], code["path"], code["tags"]) == ("2", ["ask", "ask:input", "coded"], ["entered"])
    effects = await _effects(world, made[-1])
    assert effects == {f"{code['id']}:code:field:0": ("field", {"phone": phone("03"), "name": "code", "value": "2"})}


async def test_marks_reach_the_database(world: World) -> None:
    leaves = node("never_again", play=speech("Больше не будем звонить."), blacklist=True)
    scenario = ask(("1", MARKED), ("2", leaves))
    later = await world.campaign([phone("03"), phone("03", 1)], scenario, start=False, max_channels=1)
    waiting = await world.campaign([phone("10"), phone("03")], scenario, max_channels=1, per_hour=1, burst=1)
    made, (rows,) = await together(world, ([phone("02"), phone("03")], scenario))

    lead, enough = rows[phone("02")], rows[phone("03")]
    assert (lead["result"], lead["tags"], lead["blacklisted"]) == ("lead", ["hot", "vip"], False)
    assert (enough["result"], enough["tags"], enough["blacklisted"]) == ("blacklist", [], True)
    who = {"phone": phone("02")}
    assert await _effects(world, made[0]) == {
        f"{lead['id']}:yes:message:0": ("message", {**who, "text": "Спасибо, Анна!", "material": ""}),
        f"{lead['id']}:yes:message:1": ("message", {**who, "text": "", "material": "link"}),
        f"{lead['id']}:yes:webhook:0": ("webhook", {**who, "integration": "crm", "params": {"who": "Анна"}}),
    }
    black = await world.database.fetch("select account_id, phone, reason, call_id from blacklist")
    assert [tuple(row) for row in black] == [(world.account, phone("03"), "call", enough["id"])]

    # Neither a campaign that was waiting to call the number nor one started later calls it.
    assert await _states(world, waiting) == {phone("10"): "done", phone("03"): "blocked"}
    await world.campaigns.start(later)
    assert await _states(world, later) == {phone("03"): "blocked", phone("03", 1): "waiting"}
    async with world.engine():
        assert [row["phone"] for row in await world.ended(later)] == [phone("03", 1)]
        assert await world.state(waiting) == "finished"


async def _effects(world: World, campaign: CampaignId) -> dict[str, tuple[str, Any]]:
    rows = await world.database.fetch(
        "select e.key, e.kind, e.payload::text from side_effects e join calls c on c.id = e.call_id"
        " where c.campaign_id = $1",
        campaign,
    )
    return {row["key"]: (row["kind"], json.loads(row["payload"])) for row in rows}


async def _states(world: World, campaign: CampaignId) -> dict[str, str]:
    rows = await world.database.fetch(
        "select phone, state::text from campaign_contacts where campaign_id = $1", campaign
    )
    return {row["phone"]: row["state"] for row in rows}
