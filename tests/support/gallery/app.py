"""Every component with sample data, as an application of its own. Not a part of the product."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from litestar.response import ServerSentEvent, Template
from litestar.response.sse import ServerSentEventMessage
from litestar.template import TemplateConfig

from engine.domain.ids import AccountId
from management.access.caller import Caller, Role, SessionId, UserId
from management.cabinet.assets import static_files
from management.cabinet.charts import Chart, Series
from management.cabinet.forms import Form
from management.cabinet.pages import Frame, moved, page, template_engine, theme_from
from management.cabinet.tables import Column, Kind, Page, Sort, Table, size_from, sort_from
from management.cabinet.toasts import FLASH_COOKIE, Toast, Tone, read_flash, trigger
from management.language import negotiate, texts
from management.security import protect

Asked = Request[object, object, State]
NOON = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
TITLES = {
    "ru": ("ID", "Название", "Создан", "Статус", "Потрачено", "Действия"),
    "en": ("ID", "Name", "Created", "State", "Spent", "Actions"),
}


def columns(language: str) -> tuple[Column, ...]:
    number, name, created, state, spent, actions = TITLES[language]
    return (
        Column("id", number, Kind.NUMBER, sortable=True),
        Column("name", name, sortable=True),
        Column("created", created, Kind.MOMENT, sortable=True),
        Column("state", state),
        Column("spent", spent, Kind.MONEY),
        Column("actions", actions, Kind.ACTIONS),
    )


ANNA = Caller(
    *(UserId(1), AccountId(1), Role.ADMIN, "anna@example.ru", "Анна Ковалёва", "ru", "Europe/Moscow", "127.0.0.1"),
    session=SessionId(1),
)


@dataclass(frozen=True)
class Row:
    id: int
    name: str
    created: datetime
    state: str
    spent: Decimal | None
    actions: None = None


NAMES = (
    "Напоминание о записи",
    "Опрос после доставки",
    "Возврат клиентов: осень 2026, Екатеринбург и область",
    "Приглашение на вебинар",
    "Подтверждение заказа",
    "Retention",
    "Долги до 30 дней",
)
STATES = ("running", "paused", "stopped", "finished", "draft")
ROWS = tuple(
    Row(
        101 + at,
        NAMES[at % 7],
        NOON + timedelta(hours=17 * at),
        STATES[at % 5],
        Decimal(at * 1377) / 10 if at % 3 else None,
    )
    for at in range(23)
)


def frame(request: Asked, person: Caller | None = ANNA) -> Frame:
    return Frame(
        texts(negotiate(request.query_params.get("lang"), request.headers.get("accept-language", ""))),
        path=request.url.path,
        query=request.url.query,
        theme=theme_from(request.cookies.get("theme")),
        csrf="a-token",
        caller=person,
        balance="12\u00a0480,50\u00a0₽" if person else None,
        project="Интернет-магазин" if person else None,
        toasts=read_flash(request.cookies.get(FLASH_COOKIE)),
    )


def table(request: Asked, language: str) -> Table[Row]:
    asked = request.query_params
    shown_columns = columns(language)
    sort, size = sort_from(asked.get("sort"), shown_columns, Sort("id")), size_from(asked.get("size", "10"))
    wanted = [row for row in ROWS if asked.get("name", "").lower() in row.name.lower()]
    rows = sorted(wanted, key=lambda row: getattr(row, sort.key), reverse=sort.descending)
    start = int(asked.get("cursor", "0"))
    shown = Page(
        rows[start : start + size],
        next=str(start + size) if start + size < len(rows) else None,
        previous=str(max(start - size, 0)) if start else None,
        total=len(rows),
    )
    return Table(
        "projects", shown_columns, shown, request.url.path, request.url.query, sort, size, export="/projects/export"
    )


def chart() -> Chart:
    times = tuple(int((NOON + timedelta(days=day)).timestamp()) for day in range(14))
    names = tuple(f"{(NOON + timedelta(days=day)):%d.%m.%Y}" for day in range(14))
    calls = Series("Звонки", tuple(300 + day * day * 4 % 170 for day in range(14)), "bars")
    goals = Series("Цели", tuple(None if day == 6 else 40 + day * 13 % 60 for day in range(14)))
    return Chart(times, names, (calls, goals), "Europe/Moscow")


@get("/")
async def components(request: Asked) -> Template:
    good = Form(
        {"name": "Осенняя кампания", "kind": "number", "channel": ["call"], "agree": True, "sex": "f"}, id="good"
    )
    bad = Form(
        {"email": "anna@", "name": ""},
        {"": "Подтвердите согласие.", "email": "Это не похоже на адрес почты.", "name": "Введите название."},
        id="bad",
    )
    around = frame(request)
    shown = table(request, around.texts.language)
    return page(
        around,
        "gallery/components.html",
        t=shown,
        seek=Form(request.query_params, id="seek"),
        good=good,
        bad=bad,
        chart=chart(),
    )


@get("/empty")
async def empty(request: Asked) -> Template:
    nothing = Table[Row]("projects", columns("ru"), Page([]), "/empty")
    return page(frame(request), "gallery/empty.html", t=nothing)


@get("/entry")
async def entry(request: Asked) -> Template:
    return page(frame(request, None), "gallery/entry.html", f=Form({}, id="entry"))


@get("/failed/{code:int}")
async def failed(request: Asked) -> Template:
    return page(frame(request), "error.html", status=int(request.path_params["code"]), wait_s=42)


@get("/projects/new")
async def new(request: Asked) -> Template:
    return page(frame(request), "gallery/dialog.html", f=Form({}, id="new"))


@post("/projects/new")
async def create(request: Asked) -> Template | Response[None]:
    given = await request.form()
    if name := str(given.get("name", "")).strip():
        return moved("/", Toast(f"Проект «{name}» создан"), htmx="HX-Request" in request.headers)
    wrong = Form(dict(given), {"name": "Введите название проекта."}, id="new")
    return page(frame(request), "gallery/dialog.html", status=422, f=wrong)


@get("/live/progress")
async def live() -> ServerSentEvent:
    async def events() -> AsyncIterator[ServerSentEventMessage]:
        yield ServerSentEventMessage("<p>Связь есть</p>", event="progress")
        await asyncio.Event().wait()

    return ServerSentEvent(events())


@post("/projects/archive")
async def archive() -> Response[None]:
    return moved("/", Toast("Проект в архиве", Tone.INFO), htmx=False)


@post("/imports/cancel", status_code=200)
async def cancel(request: Asked) -> Response[str]:
    told = f"Отменено, токен {request.headers.get('x-csrftoken')}"
    return Response("", headers={"HX-Trigger": trigger(Toast(told, Tone.WARNING))})


def gallery() -> Litestar:
    return Litestar(
        route_handlers=[
            *(components, empty, entry, failed, new, create, archive, cancel, live),
            static_files(),
        ],
        template_config=TemplateConfig(instance=template_engine(Path(__file__).parent / "templates")),
        before_send=[protect],
        openapi_config=None,
        logging_config=None,
    )
