"""What no schema thinks of: bytes that are no text, numbers without end, forged cursors, half a surrogate pair. Each is refused as a
problem; none breaks anything.
"""

from __future__ import annotations

import base64
import json

import httpx
import pytest

from tests.integration.management.api.conftest import Customer

pytestmark = pytest.mark.integration
ENDLESS = "9" * 5000


def cursor(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


CURSORS = [
    "%00",
    "%ED%A0%80",
    "Проект",
    "====",
    cursor([]),
    cursor(["-created_at", 1, 2]),
    cursor(["-created_at", 1, 2**63, False]),
    cursor(["-created_at", 1, -(2**63) - 1, False]),
    cursor(["-created_at", 1, int(ENDLESS[:400]), False]),
    cursor(["-created_at", "x", "y", False]),
    cursor(["-created_at", 1.5, 1, False]),
    cursor(["-created_at", None, 1, True]),
    cursor(["-created_at", True, 1, True]),
    cursor(["name", "a\0b", 1, False]),
    cursor(["name", "\ud800", 1, False]),
    cursor(["name", 1, 1, False]),
    cursor(["-ended_at", "infinity", "x", False]),
    cursor(["-ended_at", "2026-01-01", 7, False]),
]
QUERIES = [
    *(f"/{name}?sort={sort}&cursor={text}"
      for text in CURSORS
      for name, sort in [("projects", "-created_at"), ("projects", "name"), ("campaigns", "-created_at"),
                         ("calls", "-ended_at")]),
    *(f"/{name}?{key}={text}"
      for name, key in [("projects", "name"), ("campaigns", "name"), ("campaigns", "project"), ("calls", "phone"),
                        ("calls", "campaign"), ("campaigns", "since"), ("calls", "until"), ("projects", "sort"),
                        ("calls", "sort"), ("projects", "limit"), ("projects", "which"), ("campaigns", "state")]
      for text in ["%00", "%ff%fe", "%ED%A0%80", "%5C", "%25_", "👩‍👩‍👧", ENDLESS, "-1", "0001-01-01", "9999-12-31",
                   "null", "NaN", "1&limit=2"]),
]  # fmt: skip


@pytest.fixture
def client(customer: Customer) -> httpx.Client:
    return httpx.Client(base_url=f"{customer.address}/api/v1", headers=customer.headers, timeout=60)


def refused_or_answered(answer: httpx.Response) -> None:
    assert answer.status_code in (200, 204, 400, 404, 409, 412, 422), (answer.request.url, answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == answer.status_code
        assert problem["code"]
        assert problem["title"]


def test_queries(client: httpx.Client) -> None:
    with client:
        for query in QUERIES:
            refused_or_answered(client.get(query))


def test_paths(client: httpx.Client, customer: Customer) -> None:
    project = customer.rows.project
    texts = [ENDLESS, "0", "-1", str(2**63), "%00", "1%00", "٣", "1.0", "%2e%2e", "%ED%A0%80", "x" * 5000]
    addresses = [
        *(f"/{kind}/{text}" for kind in ("projects", "campaigns", "calls") for text in texts),
        *(f"/projects/{project}/{kind}/{text}" for kind in ("fields", "tags", "members", "invitations") for text in texts),
    ]  # fmt: skip
    with client:
        for address in addresses:
            for method in ("GET", "DELETE"):
                answer = client.request(method, address)
                if answer.status_code != 405:
                    refused_or_answered(answer)


BODIES = [
    b"",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b'{"name": "\xed\xa0\x80"}',
    b'{"name": "\\ud800"}',
    b'{"name": "\\udc00\\ud800"}',
    b'{"name": "\\u0000"}',
    b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"name": 1e999}',
    b'{"name": ' + ENDLESS.encode() + b"}",
    b'{"name": "x", "name": null}',
    b'\xef\xbb\xbf{"name": "x"}',
    b'{"name": "x", "description": "\\u0007"}',
]


def test_bodies(client: httpx.Client, customer: Customer) -> None:
    project, field, tag = customer.rows.project, customer.rows.field, customer.rows.tag
    addresses = [("POST", "/projects"), ("PATCH", f"/projects/{project}"), ("POST", f"/projects/{project}/fields"),
                 ("PATCH", f"/projects/{project}/fields/{field}"), ("POST", f"/projects/{project}/tags"),
                 ("PATCH", f"/projects/{project}/tags/{tag}"), ("POST", f"/projects/{project}/members")]  # fmt: skip
    with client:
        for method, address in addresses:
            for body in BODIES:
                answer = client.request(method, address, content=body, headers={"content-type": "application/json"})
                assert answer.status_code in (400, 422), (method, address, body[:80], answer.text)
                refused_or_answered(answer)


def test_headers(client: httpx.Client, customer: Customer) -> None:
    address = f"/projects/{customer.rows.project}"
    with client:
        for value in (b"\xff", b"x", b'"x"', b'W/"1"', b"9" * 5000, b"*", b'"1", "2"', b'""'):
            answer = client.patch(address, json={"description": "x"}, headers=[(b"if-match", value)])
            assert answer.status_code in (200, 412, 422), value
            refused_or_answered(answer)
        for value in (b"\xff", b"a b", b"x" * 201, "ключ".encode()):
            answer = client.post("/projects", json={"name": "x"}, headers=[(b"idempotency-key", value)])
            assert answer.status_code == 422, value
            refused_or_answered(answer)
        for value in (b"\xff", b"Bearer \xff", b"Bearer", b"Bearer dzv_" + b"x" * 5000):
            answer = client.get(address, headers=[(b"authorization", value)])
            assert answer.status_code == 401, value


def test_addresses_of_people(client: httpx.Client, customer: Customer) -> None:
    members = f"/projects/{customer.rows.project}/members"
    with client:
        for email in ("a@b", "a@\u200b.ru", "a\0@b.ru", "a@" + "x" * 64 + ".ru", "a@" + "é" * 100 + ".ru", "@", "a@b..ru",
                      "\ufeff@b.ru", "a@xn--.ru", "a@١.com", "💩@b.ru"):  # fmt: skip
            answer = client.post(members, json={"email": email})
            assert answer.status_code in (201, 422), (email, answer.text)


def test_a_body_without_end_is_refused(client: httpx.Client) -> None:
    with client:
        answer = client.post("/projects", content=b'{"name": "' + b"x" * 1_100_000 + b'"}')
        assert answer.status_code == 413
        assert answer.json()["code"] == "http_413"
