"""What the verbs print."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from engine.commands import conversation, way_in
from engine.domain.attempt import Turn, TurnKind
from engine.domain.errors import Unavailable
from engine.domain.ids import CallId

TURNS = [
    Turn(0, TurnKind.SAID, "Удобно [сейчас] говорить?", 0.04, 1.5, "ask", interrupted=True),
    Turn(1, TurnKind.HEARD, "да", 1.52, 1.9, "ask", "ask:да>yes", 0.834),
    Turn(2, TurnKind.PLAYED, "bye", 2.0),
]


def test_a_transcript_for_people() -> None:
    out = StringIO()
    found = {"phone": "+79001234500", "outcome": "answered", "state": "ended", "recording": None}
    Console(file=out, width=160).print(conversation(CallId("abc"), found, TURNS))
    head, _, _, *lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert head == "abc +79001234500 answered"
    assert [[cell.strip() for cell in line.split("│")] for line in lines] == [
        ["0.0", "1.5", "robot", "Удобно [сейчас] говорить? … (interrupted)", "", ""],
        ["1.5", "1.9", "person", "да", "83%", "ask:да → yes"],
        ["2.0", "", "robot, a recording", "bye", "", ""],
    ]


def test_the_operator_s_link_is_shown_to_a_terminal_only() -> None:
    made = []

    def link() -> str:
        made.append(1)
        return "http://127.0.0.1:8080/sign-in/secret"

    assert way_in(link, terminal=True) == "Sign in as the operator: http://127.0.0.1:8080/sign-in/secret"
    assert way_in(link, terminal=False) == "A link to sign in as the operator: ./dozvon sign-in"
    assert len(made) == 1, "none is made for a log"


def test_a_way_in_that_cannot_be_made_keeps_nobody_from_calling() -> None:
    def link() -> str:
        raise Unavailable("no_people", "The database is away")

    assert way_in(link, terminal=True).splitlines() == ["The database is away", way_in(link, terminal=False)]
