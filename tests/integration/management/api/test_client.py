"""The client that ``./dozvon client`` makes, and what docs/api.md shows, against a live server."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.management.api.conftest import Customer

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Path:
    """The client, made as a user makes it."""
    made = tmp_path_factory.mktemp("client") / "dozvon-client"
    done = subprocess.run(
        [project_root / "dozvon", "client", made], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr.lower(), done.stderr
    return made


@pytest.fixture
def package(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(folder))
    yield importlib.import_module("dozvon_client")
    for name in [name for name in sys.modules if name.partition(".")[0] == "dozvon_client"]:
        del sys.modules[name]


def part(name: str) -> Any:
    return importlib.import_module(f"dozvon_client.{name}")


def test_create_change_and_read(package: Any, customer: Customer) -> None:
    models, operations = part("models"), {
        name: part(f"api.projects.{name}")
        for name in ("create_project", "change_project", "get_project", "list_projects", "remove_tag")
    }  # fmt: skip
    with package.AuthenticatedClient(base_url=customer.address, token=customer.key) as client:
        assert part("api.profile.get_me").sync(client=client).role is models.Role.CUSTOMER
        new, key = models.NewProject(name="Ω Осень"), "order-1"
        made = operations["create_project"].sync(client=client, body=new, idempotency_key=key)
        assert operations["create_project"].sync(client=client, body=new, idempotency_key=key) == made
        assert (made.name, made.access, made.archived_at) == ("Ω Осень", models.Access.OWN, None)
        change, tag = models.ProjectChange(description="a\nb"), f'"{made.version}"'
        changed = operations["change_project"].sync_detailed(made.id, client=client, body=change, if_match=tag)
        assert changed.headers["etag"] == f'"{made.version + 1}"'
        assert changed.parsed == operations["get_project"].sync(made.id, client=client)
        late = operations["change_project"].sync(made.id, client=client, body=change, if_match=tag)
        assert (type(late), late.status, late.code) == (models.Problem, 412, "outdated")
        wrong = operations["create_project"].sync(client=client, body=models.NewProject(name=" "))
        assert [(error.field, error.code) for error in wrong.errors] == [("name", "required")]
        gone = operations["remove_tag"].sync_detailed(customer.rows.project, customer.rows.tag, client=client)
        assert gone.status_code == 204


def test_pages(package: Any, customer: Customer) -> None:
    listing, states = part("api.campaigns.list_campaigns"), part("models").CampaignState
    with package.AuthenticatedClient(base_url=customer.address, token=customer.key) as client:
        first = listing.sync(client=client, limit=2, state=states.DRAFT)
        second = listing.sync(client=client, limit=2, state=states.DRAFT, cursor=first.next_)
        assert [campaign.name for campaign in [*first.items, *second.items]] == [f"Рассылка {at}" for at in (2, 1, 0)]
        assert second.next_ is None
        back = listing.sync(client=client, limit=2, state=states.DRAFT, cursor=second.previous)
        assert back == first
        call = part("api.calls.get_call").sync(str(customer.rows.call), client=client)
        assert call.campaign == customer.rows.campaign


def test_without_a_key(package: Any, customer: Customer) -> None:
    with package.Client(base_url=customer.address) as client:
        assert part("api.profile.get_me").sync(client=client).code == "not_signed_in"


def blocks(project_root: Path, language: str) -> str:
    text = (project_root / "docs" / "api.md").read_text(encoding="utf-8")
    found = re.findall(rf"^```{language}\n(.+?)^```", text, re.MULTILINE | re.DOTALL)
    assert found
    return "".join(found)


@pytest.mark.parametrize(
    ("language", "program"), [("sh", ["bash", "-euo", "pipefail", "-c"]), ("python", [sys.executable, "-c"])]
)
def test_what_the_documentation_shows(
    language: str, program: list[str], project_root: Path, folder: Path, customer: Customer, tmp_path: Path
) -> None:
    environment = {**os.environ, "DOZVON": customer.address, "KEY": customer.key, "PYTHONPATH": str(folder)}
    done = subprocess.run([*program, blocks(project_root, language)], env=environment, cwd=tmp_path,
                          capture_output=True, text=True, timeout=120, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    assert "Напоминание о визите" in done.stdout or "Осенняя акция" in done.stdout
