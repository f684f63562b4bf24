"""General information and the picture, over HTTP."""

from __future__ import annotations

import io
import os
import zlib
from pathlib import Path

import pytest
from PIL import Image

from management.access.caller import Role
from management.store.kinds import MIB
from tests.integration.management.profile.conftest import Home
from tests.support.people import Browser

pytestmark = pytest.mark.integration
FORM = {
    "version": "1", "surname": "Петрова", "name": "Анна", "patronymic": "Ильинична", "sex": "female", "language": "ru",
    "zone": "Asia/Vladivostok",
}  # fmt: skip


async def test_it_is_saved_and_shown(home: Home) -> None:
    answer = await home.browser.post("/profile", FORM)
    assert (answer.status_code, answer.headers["location"]) == (303, "/profile")
    user = await home.user()
    assert {key: user[key] for key in FORM if key != "version"} == {k: v for k, v in FORM.items() if k != "version"}
    shown = (await home.browser.get("/profile")).text
    assert "Петрова" in shown and "Ильинична" in shown
    row = await home.database.fetchrow("select before, after from audit where action = 'user.changed'")
    assert row is not None
    assert row["after"]["zone"] == "Asia/Vladivostok" and "name" not in row["after"], "only what differs"


async def test_the_language_holds_at_once(home: Home) -> None:
    await home.browser.post("/profile", {**FORM, "language": "en"})
    assert home.browser.cookies["lang"] == "en"
    assert "General information" in (await home.browser.get("/profile")).text
    assert "Saved" not in (await home.browser.get("/profile")).text, "a toast is shown once"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"surname": " \u200b "}, "surname"),
        ({"name": "А" * 101}, "name"),
        ({"patronymic": "\x07"}, "patronymic"),
        ({"sex": "other"}, "sex"),
        ({"language": "de"}, "language"),
        ({"zone": "Europe/Atlantis"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
    ],
)
async def test_what_cannot_be_taken_is_told_at_its_field(home: Home, change: dict[str, str], field: str) -> None:
    answer = await home.browser.post("/profile", {**FORM, **change})
    assert answer.status_code == 422
    assert f'id="profile-{field}-error"' in answer.text
    assert "Петрова" in answer.text or field == "surname", "what was typed stays"
    assert (await home.user())["version"] == 1


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "О’Нил-Смит", "𝕬𝖓𝖓𝖆 🐎", "'; drop table users; --", "{{7*7}}"]
)
async def test_names_of_every_kind(home: Home, name: str) -> None:
    assert (await home.browser.post("/profile", {**FORM, "name": name})).status_code == 303
    assert (await home.user())["name"] == name
    shown = (await home.browser.get("/profile")).text
    assert "<script>alert" not in shown


async def test_the_second_of_two_tabs_does_not_win_unseen(home: Home) -> None:
    await home.browser.post("/profile", FORM)
    late = await home.browser.post("/profile", {**FORM, "surname": "Иванова"})
    assert late.status_code == 412
    assert "Тем временем это изменили" in late.text
    assert "Петрова" in late.text and 'name="version" value="2"' in late.text
    assert (await home.user())["surname"] == "Петрова"


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 30])
async def test_a_forged_version_is_an_old_one(home: Home, version: str) -> None:
    assert (await home.browser.post("/profile", {**FORM, "version": version})).status_code == 412


async def test_without_the_token_or_a_session_nothing(home: Home) -> None:
    home.browser.csrf = "forged"
    assert (await home.browser.post("/profile", FORM)).status_code == 403
    answer = await Browser(home.client).get("/profile")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Fprofile")


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


def _png(width: int = 300, height: int = 200) -> bytes:
    output = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(output, "PNG")
    return output.getvalue()


def _bomb() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    size = (60_000).to_bytes(4, "big")
    header = chunk(b"IHDR", size * 2 + b"\x08\x02\x00\x00\x00")
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(10_000_000))) + chunk(b"IEND", b"")


async def test_a_picture_is_made_anew_shown_and_replaced(home: Home, tmp_path: Path) -> None:
    address = f"/profile/avatar/{home.person.user}"
    assert (await home.browser.get(address)).status_code == 404
    assert (await home.browser.upload("/profile/avatar", "avatar", "я.png", _png(), "image/png")).status_code == 303
    for query, pixels in (("", 64), ("?size=256", 256)):
        answer = await home.browser.get(address + query)
        assert answer.headers["content-type"] == "image/webp"
        with Image.open(io.BytesIO(answer.content)) as picture:
            assert picture.size == (pixels, pixels)
    assert f'src="{address}' in (await home.browser.get("/profile/sessions")).text, "in the bar at the top"
    await home.browser.upload("/profile/avatar", "avatar", "я.png", _png(10, 10), "image/png")
    assert len(_files(tmp_path)) == 2, "the former files are gone"
    await home.browser.post("/profile/avatar/remove")
    assert (await home.browser.get(address)).status_code == 404
    assert not _files(tmp_path)
    assert await home.actions() == ["user.avatar_set", "user.avatar_set", "user.avatar_dropped"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%PDF-1.7\n",
        _png()[:60],
        b"\x89PNG\r\n\x1a\n" + os.urandom(200),
        _bomb(),
        b"\xff\xd8\xff" + bytes(5 * MIB),
    ],
    ids=["empty", "svg", "pdf", "cut", "noise", "bomb", "large"],
)
async def test_what_is_no_picture_is_refused_at_its_field(home: Home, content: bytes, tmp_path: Path) -> None:
    answer = await home.browser.upload("/profile/avatar", "avatar", "a.png", content, "image/png")
    assert answer.status_code == 422
    assert 'id="picture-avatar-error"' in answer.text
    assert not _files(tmp_path)


async def test_far_too_much_is_refused_before_it_is_read(home: Home) -> None:
    answer = await home.browser.upload("/profile/avatar", "avatar", "a.png", bytes(7 * MIB), "image/png")
    assert answer.status_code == 413


async def test_no_file_at_all(home: Home) -> None:
    assert (await home.browser.post("/profile/avatar", {"avatar": "text"})).status_code == 422


async def test_a_picture_is_seen_by_those_one_works_with(home: Home) -> None:
    address = f"/profile/avatar/{home.person.user}"
    await home.browser.upload("/profile/avatar", "avatar", "a.png", _png(), "image/png")
    stranger, browser = await home.stranger()
    assert (await browser.get(address)).status_code == 404
    project = await home.database.fetchval(
        "insert into projects (account_id, name) values ($1, 'p') returning id", home.person.account
    )
    await home.database.execute(
        "insert into project_members (project_id, user_id, \"right\") values ($1, $2, 'view')", project, stranger.user
    )
    assert (await browser.get(address)).status_code == 200
    support = await home.people.person(Role.SUPPORT)
    assert (await Browser(home.client, await home.people.cookie(support)).get(address)).status_code == 200
