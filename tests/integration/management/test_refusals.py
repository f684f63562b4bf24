"""What an operator finds in the log of those who were refused, and how browsers are kept to https."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from structlog.testing import capture_logs

from management.access.caller import Scope
from management.app import create_app
from management.settings import Settings
from tests.integration.management.accounts.conftest import OTHER, known, sign_in
from tests.integration.management.conftest import ready
from tests.support.people import Browser, People

pytestmark = pytest.mark.integration
Client = AsyncTestClient[Litestar]


def _only(logs: list[Any], event: str) -> dict[str, Any]:
    (found,) = [line for line in logs if line["event"] == event]
    return {name: value for name, value in found.items() if name not in ("event", "log_level", "ip")}


async def test_a_wrong_password_is_in_the_log_without_the_address(client: Client, people: People) -> None:
    await ready(client)
    await known(people, "anna@example.com")
    with capture_logs() as logs:
        await sign_in(Browser(client), "anna@example.com", OTHER)
    line = _only(logs, "sign_in_refused")
    assert line["way"] == "password" and line["whom"].startswith("password:")
    assert "anna" not in str(logs) and OTHER not in str(logs)


async def test_who_was_refused_what_is_in_the_log(client: Client, people: People) -> None:
    await ready(client)
    person = await people.person()
    key = await people.key(person, [Scope.READ])
    with capture_logs() as logs:
        await client.post("/api/v1/projects", json={"name": "x"}, headers={"authorization": f"Bearer {key}"})
    assert _only(logs, "access_refused") == {"method": "POST", "route": "/api/v1/projects", "user": person.user}


async def test_a_form_from_elsewhere_is_in_the_log_without_the_link_s_secret(client: Client) -> None:
    await ready(client)
    with capture_logs() as logs:
        answer = await client.post("/recovery/very-secret", headers={"origin": "https://evil.example"})
        assert answer.status_code == 403
    assert _only(logs, "access_refused") == {"method": "POST", "route": "/recovery/{secret}", "user": None}
    assert "very-secret" not in str(logs)


@pytest.mark.parametrize(("address", "told"), [("https://calls.example.com", True), ("http://127.0.0.1:8080", False)])
async def test_https_is_for_ever_where_it_is_used(dsn: str, tmp_path: Path, address: str, told: bool) -> None:
    async with AsyncTestClient(create_app(Settings(dsn, pool=2, media=tmp_path, public_url=address))) as client:
        for path in ("/login", "/nowhere", "/static/app.js", "/api/v1/me"):
            headers = (await client.get(path)).headers
            assert ("strict-transport-security" in headers) is told, path
        cookies = (await client.get("/login")).headers.get_list("set-cookie") or client.cookies
        assert ("__Host-" in str(cookies)) is told
