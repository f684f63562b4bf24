"""``python -m tests.support.pictures FOLDER [PART …]``: pictures of all pages of the cabinet, in both languages and themes, on a desktop
and on a phone, over the database of ``showcase``; what axe and the browser complain of is printed. A PART limits it to pages and
looks with it in their names: ``projects``, ``ru-dark``, ``phone``.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, Page

from engine.host.postgres import EmbeddedPostgres
from engine.storage.database import Database, migrate, open_database
from management.access.identity import cookie_name
from management.app import create_app
from management.settings import Settings
from tests.support.browser import LOOKS, Look, chromium, complaints, findings, opened, pictured, served
from tests.support.people import People
from tests.support.showcase import Showcase, showcase
from tests.support.state import fresh_state


@dataclass(frozen=True, slots=True)
class Shot:
    """``path``: with ``{project}`` and ``{user}``, the customer's, and ``{shared}``, a project shared with her. ``expected``: what the browser says of an answer
    that is meant to be an error.
    """

    name: str
    path: str
    who: str = ""
    expected: str = ""


def _of(who: str, **paths: str) -> tuple[Shot, ...]:
    return tuple(Shot(name.replace("_", "-"), path, who) for name, path in paths.items())


SHOTS = (
    *_of(
        "",
        sign_in="/login",
        registration="/registration",
        registration_sent="/confirm/sent",
        again="/confirm/again",
        recovery="/recovery",
        recovery_sent="/recovery/sent",
        offer="/documents/offer",
        privacy="/documents/privacy",
    ),
    Shot("link-gone", "/confirm/forged", expected="410"),
    *_of(
        "customer",
        desk="/",
        projects="/projects",
        projects_shared="/projects/shared",
        projects_archive="/projects/archive",
        projects_none_found="/projects?name=nothing",
        project_new="/projects/new",
        project="/projects/{project}",
        project_of_others="/projects/{shared}",
        project_fields="/projects/{project}/fields",
        project_field_new="/projects/{project}/fields/new",
        project_tags="/projects/{project}/tags",
        project_users="/projects/{project}/users",
        project_share="/projects/{project}/users/new",
        statistics="/statistics",
        campaigns="/campaigns",
        segments="/segments",
        materials="/materials",
        scenarios="/scenarios",
        calls="/calls?size=10",
        tracker="/tracker",
        settings="/settings",
        settings_tags="/settings/tags",
        settings_integrations="/settings/integrations",
        telephony="/telephony",
        finance="/finance?size=10",
        finance_top_ups="/finance/top-ups",
        support="/support",
        profile="/profile",
        profile_email="/profile/email",
        profile_phone="/profile/phone",
        profile_password="/profile/password",
        profile_security="/profile/security",
        profile_sessions="/profile/sessions",
        profile_data="/profile/data",
        profile_journal="/profile/journal",
        keys="/profile/keys",
        keys_new="/profile/keys/new",
    ),
    Shot("missing", "/projects/999999", "customer", expected="404"),
    Shot("not-for-customers", "/system", "customer", expected="404"),
    *_of(
        "newcomer",
        desk_empty="/",
        projects_empty="/projects",
        projects_shared_empty="/projects/shared",
        projects_archive_empty="/projects/archive",
        choose="/campaigns",
        finance_empty="/finance",
        telephony_empty="/telephony",
        profile_empty="/profile",
        keys_empty="/profile/keys",
    ),
    *_of(
        "staff",
        staff_desk="/",
        system="/system",
        staff_users="/staff/users",
        staff_user_new="/staff/users/new",
        staff_user="/staff/users/{user}",
        staff_journal="/staff/journal",
        staff_jobs="/staff/jobs",
        staff_outbox="/staff/outbox",
    ),
)


@dataclass(frozen=True, slots=True)
class Exhibition:
    address: str
    database: Database
    made: Showcase


@asynccontextmanager
async def exhibited(dsn: str, media: Path) -> AsyncIterator[Exhibition]:
    """The cabinet over the showcase in a fresh database."""
    async with open_database(dsn, size=2) as database:
        await migrate(database)
        made = await showcase(database)
        async with served(create_app(Settings(dsn, media=media))) as address:
            yield Exhibition(address, database, made)


async def signed_in(page: Page, shown: Exhibition, who: str) -> None:
    """Gives the page's browser the session of ``who``, who works in the showcase's project."""
    cookies = {cookie_name(secure=False): await People(shown.database).cookie(shown.made.people[who])}
    if who != "newcomer":
        cookies["project"] = str(shown.made.project)
    await page.context.add_cookies(
        [{"name": name, "value": value, "url": shown.address} for name, value in cookies.items()]
    )


async def visited(page: Page, shown: Exhibition, each: Shot, language: str) -> list[str]:
    """Opens the page; what the browser complains of."""
    said = complaints(page)
    await page.context.add_cookies([{"name": "lang", "value": language, "url": shown.address}])
    until: Literal["load", "networkidle"] = "networkidle" if each.name == "statistics" else "load"  # charts are drawn
    await page.goto(
        shown.address
        + each.path.format(
            project=shown.made.project, shared=shown.made.shared, user=shown.made.people["customer"].user
        ),
        wait_until=until,
    )
    return [line for line in said if not each.expected or each.expected not in line]


async def _look(browser: Browser, look: Look, wanted: Mapping[str, list[Shot]], folder: Path, shown: Exhibition) -> int:
    """How many pictures."""
    for who, shots in wanted.items():
        page = await opened(browser, look)
        if who:
            await signed_in(page, shown, who)
        for each in shots:
            for line in [*await visited(page, shown, each, look.language), *await findings(page)]:
                print(each.name, look.name, line, flush=True)
            await pictured(page, folder / f"{each.name}-{look.name}.png")
        await page.context.close()
    return sum(map(len, wanted.values()))


def chosen(parts: Iterable[str]) -> list[tuple[Look, dict[str, list[Shot]]]]:
    """Words of a look's name choose looks, which must have all of them; other parts choose pages that begin with one of them."""
    words = {word for look in LOOKS for word in look.name.split("-")}
    of_looks = [part for part in parts if set(part.split("-")) <= words]
    of_pages = tuple(part for part in parts if part not in of_looks)
    by_person: dict[str, list[Shot]] = {}
    for each in SHOTS:
        if each.name.startswith(of_pages or ""):
            by_person.setdefault(each.who, []).append(each)
    looks = [look for look in LOOKS if all(set(part.split("-")) <= set(look.name.split("-")) for part in of_looks)]
    return [(look, by_person) for look in looks]


async def main(folder: Path, parts: Iterable[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="dozvon-pictures-", ignore_cleanup_errors=True) as home:
        server = EmbeddedPostgres(fresh_state(Path(home)).pg)
        try:
            async with exhibited(server.start(), Path(home)) as shown, chromium() as browser:
                looks = chosen(parts)
                counts = [await _look(browser, look, wanted, folder, shown) for look, wanted in looks]
        finally:
            server.stop()
    print(f"{sum(counts)} pictures in {folder}")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))
