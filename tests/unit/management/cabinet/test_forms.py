from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from management.cabinet.forms import Form, errors
from management.language import texts


@dataclass(frozen=True)
class Wrong:
    path: str
    message: str
    params: Mapping[str, object] = field(default_factory=dict)


def test_the_first_message_of_a_field_in_the_reader_s_language() -> None:
    found = errors(
        texts("ru"),
        [
            Wrong("port", "The setting {name} must begin with {scheme}", {"name": "X", "scheme": "a:"}),
            Wrong("port", "Close"),
            Wrong("", "Cancel"),
        ],
    )
    assert found == {"port": "Настройка X должна начинаться с a:", "": "Отмена"}


def test_values_as_the_inputs_need_them() -> None:
    form = Form({"a": None, "b": 0, "c": ["x", 7], "d": "x"}, {"b": "wrong"}, id="f")
    assert (form.value("a"), form.value("b"), form.value("missing")) == ("", "0", "")
    assert form.chosen("c", 7)
    assert form.chosen("d", "x")
    assert not form.chosen("d", "y")
    assert not form.chosen("a", "None")
    assert form.attributes("b", "a hint", True, {"hx_get": "/x", "class_": "y"}) == {
        "id": "f-b",
        "name": "b",
        "required": "",
        "aria-describedby": "f-b-hint f-b-error",
        "aria-invalid": "true",
        "hx-get": "/x",
        "class": "y",
    }
    assert form.attributes("a", "", False, {})["aria-describedby"] is None
