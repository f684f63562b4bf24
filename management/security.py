"""Headers of every response, errors and static files included."""

from __future__ import annotations

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",  # the style sheet draws ticks and arrows as data: images
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
CONTENT_SECURITY_POLICY = "; ".join(f"{name} {value}" for name, value in _POLICY.items())
"""No inline scripts or styles and nothing from other hosts: an escaping mistake in a template stays harmless."""

HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

_HEADERS = [(name.encode(), value.encode()) for name, value in {**HEADERS, "cache-control": "no-store"}.items()]


async def protect(message: Message, _: Scope) -> None:
    """A ``before_send`` hook. What says nothing about caching is not cached: pages show one customer's data. A handler may
    give a stricter policy of its own."""
    if message["type"] == "http.response.start":
        # Straight into the list: Litestar's mapping looks through all headers for each one that is set.
        given = {name.lower() for name, _ in message["headers"]}
        message["headers"] = [*message["headers"], *(each for each in _HEADERS if each[0] not in given)]


async def only_https(message: Message, _: Scope) -> None:
    """A ``before_send`` hook of a cabinet that is served over https: browsers come by nothing else for a year."""
    if message["type"] == "http.response.start":
        MutableScopeHeaders.from_message(message).setdefault("strict-transport-security", "max-age=31536000")
