"""Verbs for operators: the doctor, and campaigns from the command line."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import uvloop
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from engine.dialer.why import explain
from engine.dialer.window import window_from
from engine.domain.attempt import Turn, TurnKind
from engine.domain.errors import BadInput, Unavailable
from engine.domain.ids import CallId, CampaignId
from engine.domain.text import mark, translate
from engine.domain.titles import STATES
from engine.host.doctor import Health, Subject, checks, render, worst
from engine.host.paths import PROJECT, State
from engine.host.ports import LOOPBACK
from engine.host.postgres import EmbeddedPostgres
from engine.host.secret import stored_secret
from engine.host.sip_probe import trunks_in
from engine.settings import state_from
from engine.speech.model_store import get, installed
from engine.stack import Ports
from engine.storage.calls import Calls
from engine.storage.campaigns import Campaigns
from engine.storage.database import Database, ensure_database, migrate, open_database

Options = argparse.Namespace
Environment = Mapping[str, str]
SPEAKERS = {
    TurnKind.SAID: mark("robot"),
    TurnKind.PLAYED: mark("robot, a recording"),
    TurnKind.HEARD: mark("person"),
    TurnKind.KEYS: mark("person, keys"),
}


def doctor(options: Options, environment: Environment) -> int:
    """Exit status 1 when something is bad."""
    state = state_from(environment)
    ports = Ports.usual()
    subject = Subject(
        state=state,
        http_port=ports.platform_http,
        sip_port=ports.platform_sip,
        rtp_start=ports.platform_rtp[0],
        rtp_end=ports.platform_rtp[1],
        asterisk_home=environment.get("ASTERISK_HOME"),
        running=options.running,
        ari_password=stored_secret(state.secrets / "ari"),
        postgres=lambda: uvloop.run(_postgres_version(state, environment)),
        trunks=tuple(trunks_in(PROJECT / "asterisk-conf" / "trunks")),
        sip_address=environment.get("DOZVON_SIP_ADDRESS", LOOPBACK),
    )
    found = checks(subject)
    for line in render(found):
        print(line)
    return 1 if worst(found) is Health.BAD else 0


async def _postgres_version(state: State, environment: Environment) -> int:
    async with _database(state, environment) as database:
        return int(await database.fetchval("select current_setting('server_version_num')::int")) // 10000


@asynccontextmanager
async def _database(state: State, environment: Environment, *, demo: bool = False) -> AsyncIterator[Database]:
    """As ``_address_of_database``, opened and up to date."""
    async with _address_of_database(state, environment, demo=demo) as dsn, open_database(dsn, size=1) as database:
        await migrate(database)
        yield database


@asynccontextmanager
async def _address_of_database(state: State, environment: Environment, *, demo: bool) -> AsyncIterator[str]:
    """The installation's database (or the demo's), for one command; the embedded server is started if need be."""
    server = None if environment.get("DATABASE_URL") else EmbeddedPostgres(state.pg)
    try:
        dsn = server.start() if server else environment["DATABASE_URL"]
        yield await ensure_database(dsn, "demo") if server and demo else dsn
    finally:
        if server:
            server.stop()


def sign_in(options: Options, environment: Environment) -> int:
    return uvloop.run(_sign_in(options, environment))


async def _sign_in(options: Options, environment: Environment) -> int:
    """Management makes the link; the engine knows nothing of its users."""
    state = state_from(environment)
    async with _address_of_database(state, environment, demo=options.demo) as dsn:
        given = {"DOZVON_PUBLIC_URL": f"http://127.0.0.1:{options.port}", **environment, "DATABASE_URL": dsn}
        command = [sys.executable, "-P", "-m", "management", "sign-in", *([options.email] if options.email else [])]
        child = await asyncio.create_subprocess_exec(*command, env=given)
        return await child.wait()


def way_in(link: Callable[[], str], *, terminal: bool) -> str:
    """How the operator signs in, told at the start. The link itself only to a terminal: it would stay in a service's log. One that
    cannot be made keeps nobody from calling."""
    told = translate(mark("A link to sign in as the operator: ./dozvon sign-in"))
    if not terminal:
        return told
    try:
        return f"{translate(mark('Sign in as the operator'))}: {link()}"
    except Unavailable as error:
        return f"{error}\n{told}"


def campaign(options: Options, environment: Environment) -> int:
    return uvloop.run(_campaign(options, environment))


async def _campaign(options: Options, environment: Environment) -> int:
    async with _database(state_from(environment), environment, demo=options.demo) as database:
        campaigns = Campaigns(database)
        if options.what == "list":
            Console().print(_table(await campaigns.all()))
            return 0
        if options.id is None:
            raise BadInput("no_id", mark("Give the campaign's number; ./dozvon campaign list shows them"))
        acts: dict[str, Callable[[CampaignId], Awaitable[object]]] = {
            "start": campaigns.start,
            "pause": campaigns.pause,
            "resume": campaigns.resume,
            "stop": campaigns.stop,
            "restart": campaigns.restart,
        }
        await acts[options.what](CampaignId(options.id))
        return 0


def _table(rows: list[dict[str, object]]) -> Table:
    table = Table()
    for title in (mark("No."), mark("Name"), mark("State"), mark("Done"), mark("Leads"), mark("Spent, ₽"), mark("Why")):
        table.add_column(translate(title))
    for row in rows:
        done = f"{row['done']}/{row['contacts']}"
        why = str(row["reason_text"] or row["reason"])
        table.add_row(
            str(row["id"]),
            str(row["name"]),
            translate(STATES[str(row["state"])]),
            done,
            str(row["leads"]),
            str(row["spent"]),
            why,
        )
    return table


def models(options: Options, environment: Environment) -> int:
    """Speech models for Vosk, kept in the state folder."""
    store = state_from(environment).root / "models"
    if options.what == "list":
        for name, folder in installed(store).items():
            print(name, folder)
        return 0
    print(uvloop.run(get(options.name, store, lambda line: print(line, file=sys.stderr))))
    return 0


def why(options: Options, environment: Environment) -> int:
    return uvloop.run(_why(options, environment))


async def _why(options: Options, environment: Environment) -> int:
    async with _database(state_from(environment), environment, demo=options.demo) as database:
        campaigns = Campaigns(database)
        number = CampaignId(options.campaign)
        contact = await campaigns.contact(number, options.phone)
        facts = await campaigns.explain(number, contact) if contact is not None else None
        if facts is None:
            raise BadInput(
                "no_contact",
                mark("{phone} is not in the audience of campaign {id}"),
                phone=options.phone,
                id=options.campaign,
            )
        print(explain(facts, window_from(facts["call_window"]), datetime.now(UTC)))
        return 0


def transcript(options: Options, environment: Environment) -> int:
    return uvloop.run(_transcript(options, environment))


async def _transcript(options: Options, environment: Environment) -> int:
    async with _database(state_from(environment), environment, demo=options.demo) as database:
        calls = Calls(database)
        found = await calls.find(options.call)
        if found is None:
            raise BadInput(
                "no_call", mark("There is no call {call}: give its id, or a number as +79001234567"), call=options.call
            )
        call = CallId(str(found["id"]))
        Console().print(conversation(call, found, await calls.transcript(call)))
        return 0


def conversation(call: CallId, found: Mapping[str, object], turns: list[Turn]) -> Table:
    """``found``: a row of ``Calls.find``."""
    head = f"{call} {found['phone']} {found['outcome'] or found['state']} {found['recording'] or ''}".rstrip()
    table = Table(title=head, title_justify="left", show_edge=False)
    for title in (mark("From, s"), mark("To, s"), mark("Who"), mark("Words"), mark("Sure"), mark("Led to")):
        table.add_column(translate(title))
    for turn in turns:
        cut = f" … ({translate(mark('interrupted'))})" if turn.interrupted else ""
        table.add_row(
            f"{turn.start_s:.1f}",
            "" if turn.end_s is None else f"{turn.end_s:.1f}",
            translate(SPEAKERS[turn.kind]),
            escape(turn.text) + cut,
            "" if turn.confidence is None else f"{turn.confidence:.0%}",
            turn.led_to.replace(">", " → "),
        )
    return table
