"""``./dozvon bench queue``: claims per second with all limits and windows, against a bare UPDATE … SKIP LOCKED … RETURNING.

Both sides work on the same table, in batches of the same size, with the same number of claimers at once, in alternating
rounds, each batch in a transaction of its own. Ours is the dialer's own way: the calling windows of the contacts' zones,
``Campaigns.claim`` (which reserves channels, leads, money, pace and trunk rate) and a row in ``calls`` for every claim.
The bare one marks rows of ``campaign_contacts`` and returns them; it knows no limits.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path

import uvloop

from bench.support.figures import middle, share
from bench.support.report import finish, machine, say, show
from bench.support.rig import ALWAYS, PRICE, Rig, planted, postgres_version
from engine.dialer.capacity import share as room_share
from engine.dialer.loop import BATCH
from engine.dialer.window import open_zones, window_from
from engine.domain.campaign import Campaign
from engine.domain.ids import ContactId
from engine.host.postgres import EmbeddedPostgres
from engine.settings import state_from
from engine.storage.catalogue import NewContact
from engine.storage.queries import load

TARGET = 0.5
ROUND = 500
"""Claims a round, and the campaign's most channels: a round ends when they are used up, as it would in life."""
ZONES = ("Europe/Moscow", "Asia/Yekaterinburg", "Asia/Novosibirsk", None)
_clock = count(time.time())
"""A second passes between two claims: else the pacers (at most 1000 calls a second each) would be what is measured."""
_SQL = load(Path(__file__).parent / "support" / "queue.sql")


@dataclass
class Side:
    """What one side has done. ``seconds``: of each round."""

    rates: list[float] = field(default_factory=list)
    claimed: Counter[ContactId] = field(default_factory=Counter)


async def main(options: argparse.Namespace) -> int:
    embedded = EmbeddedPostgres(state_from(options.environment).pg)
    server = options.environment.get("DATABASE_URL") or embedded.start()
    try:
        async with planted(server, size=options.claimers + 2) as rig:
            return await measure(rig, options)
    finally:
        embedded.stop()


async def measure(rig: Rig, options: argparse.Namespace) -> int:
    say(f"{options.contacts} contacts, {options.claimers} claimers, batches of {BATCH}")
    campaign = await _campaign(rig, options.contacts)
    ours, bare, over = Side(), Side(), 0
    deadline = time.monotonic() + options.seconds
    while options.contacts - len(ours.claimed) - len(bare.claimed) > 3 * ROUND and time.monotonic() < deadline:
        await _round(ours, options, lambda done: _claim(rig, campaign, done))
        over += max(0, await _open_calls(rig, campaign) - ROUND)
        await rig.database.execute(_SQL["settle"], campaign.id)
        await _round(bare, options, lambda done: _bare(rig, campaign, done))
        await rig.database.execute(_SQL["settle"], campaign.id)
    return _report(ours, bare, over, await postgres_version(rig.database), options)


async def _campaign(rig: Rig, contacts: int) -> Campaign:
    rows = [
        NewContact(f"+7900{number:07d}", {"name": "Анна"}, ZONES[number % len(ZONES)]) for number in range(contacts)
    ]
    document = {"name": "bench", "start": {"id": "ask"}}
    window = {**ALWAYS, "by_contact_zone": True}
    number = await rig.campaign(document, rows, max_channels=ROUND, max_leads=contacts,
                                max_spend=PRICE * contacts * 100, call_window=window)  # fmt: skip
    await rig.catalogue.top_up(rig.account, "queue", Decimal(100_000_000), "")
    await rig.campaigns.start(number)
    await rig.database.execute("vacuum analyze")
    (campaign,) = await rig.campaigns.running()
    return campaign


async def _round(side: Side, options: argparse.Namespace, claim: Callable[[list[ContactId]], Awaitable[bool]]) -> None:
    """Claimers side by side until each has nothing left to take."""

    async def claimer() -> None:
        while await claim(done):
            continue

    done: list[ContactId] = []
    began = time.perf_counter()
    await asyncio.gather(*(claimer() for _ in range(options.claimers)))
    side.rates.append(len(done) / (time.perf_counter() - began))
    side.claimed.update(done)


async def _claim(rig: Rig, campaign: Campaign, done: list[ContactId]) -> bool:
    """One batch as the dialer takes it; False when a limit is reached."""
    window = window_from(campaign.call_window)
    found = open_zones(window, datetime.now(UTC), [zone or None for zone in campaign.zones])
    zones = sorted(zone or "" for zone in found)

    now = next(_clock)
    room, claims = await rig.campaigns.claim(campaign.id, zones, "bench", BATCH, now)
    done += [claim.contact for claim in claims]
    assert room is not None
    # Overtaken by a claimer of a later second: to the pacers that is a clock set back, and they ask to come again.
    return bool(claims) or room_share(room, now, BATCH).wait_s is not None


async def _bare(rig: Rig, campaign: Campaign, done: list[ContactId]) -> bool:
    """One batch, nothing reserved."""
    if len(done) >= ROUND:
        return False
    rows = await rig.database.fetch(_SQL["bare"], campaign.id, BATCH)
    done += [row["contact_id"] for row in rows]
    return bool(rows)


async def _open_calls(rig: Rig, campaign: Campaign) -> int:
    return int(await rig.database.fetchval(_SQL["open"], campaign.id))


def _report(ours: Side, bare: Side, over: int, postgres: str, options: argparse.Namespace) -> int:
    everybody = ours.claimed + bare.claimed
    duplicates = sum(times - 1 for times in everybody.values())
    rates = {"ours": middle(ours.rates), "bare": middle(bare.rates)}
    ratio = middle([share(mine, theirs) for mine, theirs in zip(ours.rates, bare.rates, strict=True)])
    result = {
        "ratio": ratio,
        "target": TARGET,
        "valid": duplicates == 0 and over == 0 and bool(ours.claimed),
        "duplicates": duplicates,
        "over_limit": over,
        "claims_per_second": rates,
        "rounds": len(ours.rates),
        "claims": len(everybody),
        "claimers": options.claimers,
        "batch": BATCH,
        "contacts": options.contacts,
        "machine": machine(postgresql=postgres),
    }
    show(
        f"Claims, {options.claimers} claimers, batches of {BATCH}, {len(ours.rates)} rounds each (medians)",
        ("", "claims/s", "rounds from", "to"),
        [
            ("ours: windows, limits, money, a row in calls", rates["ours"], *_span(ours.rates)),
            ("bare UPDATE … SKIP LOCKED … RETURNING", rates["bare"], *_span(bare.rates)),
        ],
        [f"ratio {ratio:.2f} (target ≥ {TARGET}), duplicates {duplicates}, over a limit {over}"],
    )
    return finish("queue", result, as_json=options.json)


def _span(rates: Sequence[float]) -> tuple[float, float]:
    return min(rates), max(rates)


def options_from(arguments: Sequence[str], environment: Mapping[str, str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dozvon bench queue", description="Claims per second, ours and bare.")
    parser.add_argument("--json", action="store_true", help="the last line is the result as JSON")
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--claimers", type=int, default=4, help="connections that claim at once")
    parser.add_argument("--seconds", type=float, default=60, help="no new round begins after this")
    options = parser.parse_args(arguments)
    options.environment = environment
    return options


if __name__ == "__main__":
    sys.exit(uvloop.run(main(options_from(sys.argv[1:], os.environ))))
