"""The document says of every operation what a client needs, and its examples are what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from management.app import create_app
from management.openapi import document
from management.settings import Settings

ALWAYS = {"400", "401", "403", "404", "422", "429", "503"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return made(tmp_path_factory.mktemp("media"))


def made(media: Path) -> Any:
    return json.loads(document(create_app(Settings("postgresql://nowhere", media=media)).openapi_schema.to_schema()))


def operations(whole: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def examples(content: Any) -> Iterator[Any]:
    for body in content.values():
        yield from ([body["example"]] if "example" in body else [each["value"] for each in body["examples"].values()])


def test_only_the_api_is_in_it_and_every_operation_says_what_it_does(whole: Any) -> None:
    names, tags = set(), {tag["name"] for tag in whole["tags"]}
    for path, method, operation in operations(whole):
        assert path.startswith("/api/v1/"), path
        assert operation["summary"]
        assert set(operation["tags"]) <= tags
        assert operation["responses"].keys() >= ALWAYS
        assert ("409" in operation["responses"]) == (method != "get")
        assert ("Idempotency-Key" in {each["name"] for each in operation.get("parameters", [])}) == (method == "post")
        names.add(operation["operationId"])
    assert len(names) == len(list(operations(whole)))
    assert whole["security"] == [{"key": []}]


def test_errors_are_problems_with_an_example_of_their_status(whole: Any) -> None:
    for _, _, operation in operations(whole):
        for status, response in operation["responses"].items():
            if status >= "400":
                assert response["content"].keys() == {"application/problem+json"}
                assert [each["status"] for each in examples(response["content"])] == [int(status)]


def test_examples_are_what_the_schema_says(whole: Any) -> None:
    checked = 0
    for _, _, operation in operations(whole):
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in (body["content"] for body in bodies if "content" in body):
            for body in content.values():
                for value in examples({"": body}):
                    jsonschema.validate(value, {**body["schema"], "components": whole["components"]})
                    checked += 1
    assert checked > 100


def test_it_is_the_same_each_time(whole: Any, tmp_path: Path) -> None:
    assert json.dumps(made(tmp_path)) == json.dumps(whole)
