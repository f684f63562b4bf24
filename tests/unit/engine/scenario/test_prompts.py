from __future__ import annotations

import pytest

from engine.domain.prompt import AudioPrompt, SpeechPrompt
from engine.scenario.document import (
    AudioPlay,
    Branch,
    DigitsInput,
    MachineFilter,
    Node,
    OnMachine,
    Recognition,
    SpeechPlay,
    Transfer,
    Webhook,
)
from engine.scenario.prompts import missing_fields, prompts, used_fields
from engine.scenario.template import fill, malformed, names
from tests.unit.engine.scenario.calls import scenario

DOCUMENT = scenario(
    Node(
        id="ask",
        play=SpeechPlay(text="Здравствуйте, {{name}}! Ваш долг {{ sum }} руб."),
        recognition=Recognition(
            branches=(
                Branch(
                    when=DigitsInput(save_as="order"),
                    then=Node(
                        id="order",
                        play=SpeechPlay(text="Заказ {{order}}"),
                        webhooks=(Webhook(integration="crm", params={"city": "{{city}}"}),),
                    ),
                ),
            ),
            on_silence=Node(id="bye", play=AudioPlay(material="bye"), transfer=Transfer(numbers=("{{boss}}",))),
            on_no_match=Node(id="empty", play=SpeechPlay(text="{{sum}}")),
        ),
    ),
    rule=MachineFilter(on_machine=OnMachine.DROP, drop=AudioPlay(material="bye")),
)


def test_prompts_are_filled_and_come_once() -> None:
    assert prompts(DOCUMENT, {"name": "Анна", "sum": "100"}) == (
        SpeechPrompt("Здравствуйте, Анна! Ваш долг 100 руб.", "rhvoice:anna"),
        AudioPrompt("bye"),
        SpeechPrompt("100", "rhvoice:anna"),
    )


def test_a_missing_field_is_spoken_as_nothing_and_named() -> None:
    assert prompts(DOCUMENT, {"name": "Анна", "sum": " "})[0] == SpeechPrompt(
        "Здравствуйте, Анна! Ваш долг руб.", "rhvoice:anna"
    )
    assert prompts(DOCUMENT, {})[1:] == (AudioPrompt("bye"),), "a text that is empty without its field is not played"
    assert missing_fields(DOCUMENT, {"name": "Анна", "sum": " "}) == ("sum", "city", "boss")
    assert used_fields(DOCUMENT) == ("name", "sum", "order", "city", "boss")


@pytest.mark.parametrize(
    ("text", "filled", "bad"),
    [
        ("Привет", "Привет", False),
        ("{{ Имя }}!", "Пётр!", False),
        ("{{Имя}}{{Имя}}", "ПётрПётр", False),
        ("До {{нет}} встречи", "До встречи", False),
        ("{{Имя", "{{Имя", True),
        ("Имя}}", "Имя}}", True),
        ("{{}}", "", True),
        ("{Имя}", "{Имя}", False),
    ],
)
def test_tags(text: str, filled: str, bad: bool) -> None:
    assert fill(text, {"Имя": "Пётр"}) == filled
    assert malformed(text) == bad


def test_a_value_is_not_read_as_a_tag() -> None:
    assert fill("{{a}}", {"a": "{{b}}", "b": "secret"}) == "{{b}}"
    assert names("{{a}} {{b}} {{a}}") == ("a", "b")
