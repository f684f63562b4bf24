"""The OpenAPI document as clients get it. Litestar makes it of the handlers; here it gets what Litestar does not: whole examples,
put together from those of the fields, and one order of everything, so that the same application always gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.serialization import encode_json

Json = dict[str, Any]
_BY_FORMAT = {"date-time": "2026-01-31T09:30:00Z", "date": "2026-01-31"}
_BY_TYPE = {"string": "", "integer": 1, "number": 1.0, "boolean": False, "object": {}}
_SUCCESSES = ("200", "201")


class Document(JsonRenderPlugin):
    """Made once."""

    def __init__(self, path: str) -> None:
        super().__init__(path=path)
        self._made: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: Json) -> bytes:
        if self._made is None:
            self._made = document(openapi_schema)
        return self._made


def document(schema: Json) -> bytes:
    """``schema``: as Litestar makes it."""
    plain: Json = msgspec.json.decode(encode_json(schema))
    schemas = plain["components"]["schemas"]
    for each in schemas.values():
        if each.get("type") == "object":
            each.setdefault("examples", [example(each, schemas)])
    for path in plain["paths"].values():
        for operation in path.values():
            _complete(operation, schemas)
    return msgspec.json.encode(plain)


def _complete(operation: Json, schemas: Mapping[str, Json]) -> None:
    bodies = [operation["requestBody"]] if "requestBody" in operation else []
    for status, response in operation["responses"].items():
        if headers := response.get("headers"):
            response["headers"] = {name: {**headers[name], "schema": {"type": "string"}} for name in sorted(headers)}
        if status in _SUCCESSES:
            bodies.append(response)
    for body in bodies:
        for content in body.get("content", {}).values():
            content.setdefault("example", example(content["schema"], schemas))


def example(schema: Json, schemas: Mapping[str, Json]) -> Any:
    """A value that the schema allows: its own example, or one made of its parts."""
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    if "oneOf" in schema or "allOf" in schema:
        parts = schema.get("oneOf") or schema["allOf"]
        return None if {"type": "null"} in parts else example(parts[0], schemas)
    match schema.get("type"):
        case "object":
            return {name: example(each, schemas) for name, each in schema.get("properties", {}).items()}
        case "array":
            return [example(schema["items"], schemas)]
        case kind:
            return schema.get("default") or _BY_FORMAT.get(schema.get("format", "")) or _BY_TYPE.get(str(kind))
