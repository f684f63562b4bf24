"""Every rule of the check, by the smallest document that breaks it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from engine.scenario.check import MAX_DEPTH, MAX_NODES, check, is_ready
from engine.scenario.document import (
    AudioPlay,
    Branch,
    Digits,
    DigitsInput,
    MachineFilter,
    MaterialMessage,
    Node,
    OnMachine,
    Play,
    Recognition,
    Scenario,
    SpeechPlay,
    TextMessage,
    Transfer,
    Webhook,
    When,
    Words,
    parse,
)
from engine.scenario.problem import Problem, Severity

HELLO = AudioPlay(material="hello")
BYE = Node(id="bye", play=HELLO)
EXAMPLES = sorted((Path(__file__).parents[3] / "data" / "scenarios").glob("*.json"))


def found(document: Scenario) -> list[tuple[str | None, str, Severity]]:
    problems = check(document, materials=["hello"], fields=["name"], voices=["rhvoice:anna"], integrations=["crm"])
    return [(problem.node, problem.code, problem.severity) for problem in problems]


def under(node: Node) -> Scenario:
    """A sound scenario with ``node`` after its greeting."""
    return Scenario(name="Проверка", start=Node(id="start", play=HELLO, next=node))


def asks(*conditions: When, node_id: str = "n", **settings: object) -> Node:
    """A question with a branch for each condition; ``settings`` change its recognition."""
    then = [msgspec.structs.replace(BYE, id=f"then{number}") for number in range(len(conditions))]
    branches = tuple(Branch(when=when, then=node) for when, node in zip(conditions, then, strict=True))
    recognition = msgspec.structs.replace(Recognition(branches=branches), **settings)
    return Node(id=node_id, play=HELLO, recognition=recognition)


def plays(play: Play) -> Node:
    return Node(id="n", play=play)


def returns(target: str, times: int = 3) -> Node:
    return Node(id="n", return_to=target, max_returns=times)


def transfers(*numbers: str, timeout_s: float | None = None) -> Node:
    return Node(id="n", transfer=Transfer(numbers=numbers, answer_timeout_s=timeout_s))


ONE, TWO, LONG = Digits(digits="1"), Digits(digits="2"), Digits(digits="12")
ORDER = DigitsInput(min=3, max=5, save_as="order")

ERRORS: list[tuple[str, Node]] = [
    ("id_bad", Node(id="", play=HELLO)),
    ("id_bad", Node(id="a:b", play=HELLO)),
    ("id_bad", Node(id="a b", play=HELLO)),
    ("id_bad", Node(id="x" * 65, play=HELLO)),
    ("play_empty", plays(AudioPlay(material=" "))),
    ("play_empty", plays(SpeechPlay(text=" \n"))),
    ("material_unknown", plays(AudioPlay(material="song"))),
    ("text_too_long", plays(SpeechPlay(text="а" * 2001))),
    ("voice_bad", plays(SpeechPlay(text="а", voice="anna"))),
    ("voice_bad", plays(SpeechPlay(text="а", voice="rhvoice:"))),
    ("voice_unknown", plays(SpeechPlay(text="а", voice="rhvoice:boris"))),
    ("template_bad", plays(SpeechPlay(text="{{name"))),
    ("field_unknown", plays(SpeechPlay(text="{{surname}}"))),
    ("message_empty", Node(id="n", messages=(TextMessage(text=""),))),
    ("field_unknown", Node(id="n", messages=(TextMessage(text="{{surname}}"),))),
    ("material_unknown", Node(id="n", messages=(MaterialMessage(material="song"),))),
    ("integration_empty", Node(id="n", webhooks=(Webhook(integration=""),))),
    ("integration_unknown", Node(id="n", webhooks=(Webhook(integration="amo"),))),
    ("field_unknown", Node(id="n", webhooks=(Webhook(integration="crm", params={"a": "{{surname}}"}),))),
    ("tag_empty", Node(id="n", tags=("hot", " "))),
    ("transfer_empty", transfers()),
    ("transfer_number_bad", transfers("+79000000040", "оператор")),
    ("field_unknown", transfers("{{boss}}")),
    ("answer_timeout_bad", transfers("100", timeout_s=0)),
    ("answer_timeout_bad", transfers("100", timeout_s=301)),
    ("transfer_with_recognition", msgspec.structs.replace(asks(ONE), transfer=Transfer(numbers=("100",)))),
    ("next_after_recognition", msgspec.structs.replace(asks(ONE), next=BYE)),
    ("next_after_transfer", msgspec.structs.replace(transfers("100"), next=BYE)),
    ("return_with_more", msgspec.structs.replace(returns("start"), next=BYE)),
    ("return_with_more", msgspec.structs.replace(asks(ONE), return_to="start")),
    ("return_unknown", returns("nowhere")),
    ("return_unknown", returns("n")),
    ("max_returns_bad", returns("start", 0)),
    ("max_returns_bad", returns("start", 21)),
    ("branches_missing", asks()),
    ("timeout_bad", asks(ONE, timeout_s=0.5)),
    ("timeout_bad", asks(ONE, timeout_s=121)),
    ("interdigit_bad", asks(ONE, interdigit_s=0.0)),
    ("repeats_bad", asks(ONE, repeats=-1)),
    ("repeats_bad", asks(ONE, repeats=11)),
    ("digits_bad", asks(Digits(digits=""))),
    ("digits_bad", asks(Digits(digits="1A"))),
    ("digits_bad", asks(Digits(digits="1" * 33))),
    ("digits_duplicate", asks(ONE, TWO, ONE)),
    ("input_range_bad", asks(DigitsInput(min=0, save_as="a"))),
    ("input_range_bad", asks(DigitsInput(min=3, max=2, save_as="a"))),
    ("input_range_bad", asks(DigitsInput(max=33, save_as="a"))),
    ("save_as_bad", asks(DigitsInput(save_as=" "))),
    ("save_as_bad", asks(DigitsInput(save_as="a}}"))),
    ("inputs_overlap", asks(ORDER, DigitsInput(min=5, max=7, save_as="phone"))),
    ("words_empty", asks(Words(contains=()))),
    ("words_empty", asks(Words(contains=("да", "!")))),
    ("words_empty", asks(Words(contains=("да",), excludes=("",)))),
    ("words_too_many", asks(Words(contains=tuple(f"слово{n}" for n in range(201))))),
]

WARNINGS: list[tuple[str, Node]] = [
    ("goal_and_blacklist", Node(id="n", goal=True, blacklist=True)),
    ("message_long", Node(id="n", messages=(TextMessage(text="Ы" * 71),))),
    ("message_long", Node(id="n", messages=(TextMessage(text="s" * 161),))),
    ("node_idle", Node(id="n")),
    ("transfer_number_repeated", transfers("+79000000040", "+7 900 000-00-40")),
    ("recognition_without_play", msgspec.structs.replace(asks(ONE), play=None)),
    ("digits_prefix", asks(ONE, LONG)),
    ("digits_prefix", asks(ONE, ORDER)),
    ("digits_terminator", asks(Digits(digits="#"), ORDER)),
    ("words_duplicate", asks(Words(contains=("Ещё",)), Words(contains=("еще",)))),
    ("words_excluded", asks(Words(contains=("не надо",), excludes=("не",)))),
]


@pytest.mark.parametrize(("code", "node"), ERRORS, ids=[f"{code}-{n}" for n, (code, _) in enumerate(ERRORS)])
def test_errors(code: str, node: Node) -> None:
    assert found(under(node)) == [(node.id, code, Severity.ERROR)]
    assert not is_ready(check(under(node), materials=["hello"], fields=["name"], integrations=["crm"], voices=[]))


@pytest.mark.parametrize(("code", "node"), WARNINGS, ids=[f"{code}-{n}" for n, (code, _) in enumerate(WARNINGS)])
def test_warnings(code: str, node: Node) -> None:
    assert found(under(node)) == [(node.id, code, Severity.WARNING)]
    assert is_ready(check(under(node)))


@pytest.mark.parametrize(
    ("document", "code", "severity"),
    [
        (Scenario(name=" ", start=BYE), "name_empty", Severity.ERROR),
        (Scenario(name="x", silence_limit_s=0, start=BYE), "silence_limit_bad", Severity.ERROR),
        (
            Scenario(name="x", machine_filter=MachineFilter(on_machine=OnMachine.DROP), start=BYE),
            "drop_missing",
            Severity.ERROR,
        ),
        (Scenario(name="x", machine_filter=MachineFilter(drop=HELLO), start=BYE), "drop_unused", Severity.WARNING),
        (
            Scenario(
                name="x",
                machine_filter=MachineFilter(on_machine=OnMachine.DROP, drop=AudioPlay(material="song")),
                start=BYE,
            ),
            "material_unknown",
            Severity.ERROR,
        ),
    ],
)
def test_problems_of_the_document_itself(document: Scenario, code: str, severity: Severity) -> None:
    assert found(document) == [(None, code, severity)]


def test_the_start_needs_a_prompt() -> None:
    assert found(Scenario(name="x", start=Node(id="start", goal=True))) == [
        ("start", "start_play_missing", Severity.ERROR)
    ]


def test_repeated_ids_are_told_once() -> None:
    document = under(Node(id="bye", play=HELLO, next=BYE))
    assert found(document) == [("bye", "id_duplicate", Severity.ERROR)]
    assert str(check(document)[0]) == "2 nodes have this id"


def test_a_field_keyed_in_may_be_used_but_costs_a_pause_in_prompts() -> None:
    then = Node(id="then", play=SpeechPlay(text="Заказ {{order}}"), messages=(TextMessage(text="{{order}}"),))
    node = Node(id="n", play=HELLO, recognition=Recognition(branches=(Branch(when=ORDER, then=then),)))
    assert found(under(node)) == [("then", "field_keyed_in_play", Severity.WARNING)]


def test_lists_that_are_not_given_are_not_checked_against() -> None:
    node = Node(
        id="n",
        play=SpeechPlay(text="{{anything}}", voice="piper:someone"),
        webhooks=(Webhook(integration="any"),),
        messages=(MaterialMessage(material="any"),),
    )
    assert check(under(node)) == ()


def test_size_limits() -> None:
    chain = Node(id="end", play=HELLO)
    for number in range(MAX_DEPTH - 1):
        chain = Node(id=f"n{number}", play=HELLO, next=chain)
    assert found(Scenario(name="x", start=chain)) == []
    assert found(under(chain)) == [(None, "too_deep", Severity.ERROR)]
    branches = tuple(
        Branch(when=Digits(digits=f"{number:04d}"), then=Node(id=f"n{number}", play=HELLO))
        for number in range(MAX_NODES)
    )
    wide = Scenario(name="x", start=Node(id="ask", play=HELLO, recognition=Recognition(branches=branches)))
    assert found(wide) == [(None, "too_many_nodes", Severity.ERROR)]


@pytest.mark.parametrize("depth", [50, 300, 480])
def test_documents_as_deep_as_they_parse_can_be_checked(depth: int) -> None:
    text = '{"name":"x","start":' + '{"id":"a","next":' * depth + '{"id":"b"}' + "}" * depth + "}"
    codes = {problem.code for problem in check(parse(text))}
    assert ("too_deep" in codes) == (depth >= MAX_DEPTH)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_have_no_errors(path: Path) -> None:
    problems: tuple[Problem, ...] = check(parse(path.read_bytes()), fields=["name"])
    assert is_ready(problems), [str(problem) for problem in problems]


def test_the_example_of_the_documentation_is_sound() -> None:
    page = (Path(__file__).parents[4] / "docs" / "scenario.md").read_text(encoding="utf-8")
    example = parse(page.split("```json")[1].split("```")[0])
    problems = check(example, materials=["leave-message", "thanks"], fields=["name"], voices=["rhvoice:anna"])
    assert [(problem.code, problem.severity) for problem in problems] == [("digits_prefix", Severity.WARNING)] * 2


def test_words_that_the_recogniser_never_hears_are_named_at_their_node() -> None:
    document = under(asks(Words(contains=("@yes", "ok google"), excludes=("кот",))))

    def unheard(words: Sequence[str]) -> list[str]:
        return [word for phrase in words for word in phrase.split() if word in ("google", "кот")]

    problems = check(document, unheard=unheard)
    named = [
        (problem.node, problem.severity, problem.params["word"])
        for problem in problems
        if problem.code == "words_unheard"
    ]
    assert named == [("n", Severity.WARNING, "google"), ("n", Severity.WARNING, "кот")]


def test_a_list_of_answers_must_exist() -> None:
    assert ("n", "words_set_unknown", Severity.ERROR) in found(under(asks(Words(contains=("@maybe",)))))
    assert found(under(asks(Words(contains=("@yes",)), Words(contains=("@no",))))) == []


def test_an_answer_in_a_list_and_in_another_branch_is_a_duplicate() -> None:
    problems = found(under(asks(Words(contains=("@yes",)), Words(contains=("Конечно",)))))
    assert problems == [("n", "words_duplicate", Severity.WARNING)]


def test_what_is_denied_is_not_excluded() -> None:
    assert found(under(asks(Words(contains=("интересно",), excludes=("не интересно",))))) == []
    assert found(under(asks(Words(contains=("не интересно",), excludes=("интересно",))))) == []
