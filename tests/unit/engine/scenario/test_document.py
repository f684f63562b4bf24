from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from engine.domain.errors import BadInput
from engine.scenario.document import MAX_BYTES, dialable, encode, find, parse, schema, walk

EXAMPLES = sorted((Path(__file__).parents[3] / "data" / "scenarios").glob("*.json"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_parse_round_trip_and_fit_the_schema(path: Path) -> None:
    document = parse(path.read_bytes())
    assert parse(encode(document)) == document
    jsonschema.validate(json.loads(path.read_bytes()), schema())
    jsonschema.validate(json.loads(encode(document)), schema())


def test_there_are_examples() -> None:
    assert "demo" in {path.stem for path in EXAMPLES}


START = '{"name": "x", "start": %s}'


@pytest.mark.parametrize(
    ("text", "code", "path"),
    [
        ("", "scenario_json", None),
        ("{", "scenario_json", None),
        ('{"name": "\xff"'.encode("latin-1"), "scenario_json", None),
        ("[]", "scenario_shape", "$"),
        ('{"name": "x"}', "scenario_shape", "$"),
        (START % '{"id": 7}', "scenario_shape", "$.start.id"),
        (START % '{"id": "a", "goal": "yes"}', "scenario_shape", "$.start.goal"),
        (START % '{"id": "a", "colour": "red"}', "scenario_shape", "$.start"),
        (START % '{"id": "a", "play": {"type": "video"}}', "scenario_shape", "$.start.play.type"),
        (START % '{"id": "a", "next": {"id": "b", "tags": [1]}}', "scenario_shape", "$.start.next.tags[0]"),
        ('{"name": "x", "version": 2, "start": {"id": "a"}}', "scenario_shape", "$.version"),
        (START % ('{"id": "a", "next": ' * 60_000), "scenario_too_large", None),
        (START % ('{"id":"a","next":' * 50_000 + "null" + "}" * 50_000), "scenario_too_deep", None),
    ],
)
def test_what_has_the_wrong_shape_is_refused_with_its_place(text: str | bytes, code: str, path: str | None) -> None:
    with pytest.raises(BadInput) as refused:
        parse(text)
    assert refused.value.code == code
    if path is not None:
        assert refused.value.params["path"] == path
        assert path in str(refused.value)


def test_a_byte_order_mark_is_no_problem() -> None:
    assert parse(b"\xef\xbb\xbf" + (START % '{"id": "a"}').encode()).start.id == "a"


def test_the_size_limit_is_exact() -> None:
    text = START % '{"id": "a"}'
    assert parse(text + " " * (MAX_BYTES - len(text))).name == "x"
    with pytest.raises(BadInput, match=str(MAX_BYTES)):
        parse(text + " " * (MAX_BYTES - len(text) + 1))


def test_walking_goes_down_the_map_with_ancestors() -> None:
    document = parse(next(path for path in EXAMPLES if path.stem == "demo").read_bytes())
    seen = [(node.id, tuple(above.id for above in ancestors)) for node, ancestors in walk(document)]
    assert seen[:3] == [("ask", ()), ("interested", ("ask",)), ("refused", ("ask",))]
    assert ("all_busy", ("ask", "operator")) in seen
    assert find(document, "all_busy") is not None
    assert find(document, "nowhere") is None


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("+7 (900) 000-00-41", "+79000000041"),
        ("84951234567", "84951234567"),
        ("100", "100"),
        (" sip:sales@pbx.example.ru:5070 ", "sip:sales@pbx.example.ru:5070"),
        ("sips:a.b@10.0.0.1", "sips:a.b@10.0.0.1"),
        ("sip:nobody", None),
        ("sip:a b@example.ru", None),
        ("12", None),
        ("+", None),
        ("", None),
        ("٠١٢٣", None),
        ("+1234567890123456", None),
        ("позвоните", None),
    ],
)
def test_numbers_that_can_be_dialled(written: str, dialled: str | None) -> None:
    assert dialable(written) == dialled
