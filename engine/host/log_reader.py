"""PURE: what Asterisk's log says about a failed start."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LINE = re.compile(r"^(?:\[[^\]]*\] )?(ERROR|WARNING)\[\d+\](?:\[[^\]]*\])?:? (?:[\w./-]+:\d* ?(?:[\w()]+: )?)?(.*)$")
# An error of these kinds means that a part of the configuration is not in force, although Asterisk runs on.
_FATAL = re.compile(
    r"could not create an object|parse error|unable to load config|failed to load|error loading module|required module"
    r"|could not find option|unable to bind|failed to bind|address already in use|declined to load|error in parsing"
    r"|could not be started|no closing bracket|inherit|can't open|cannot open|could not load"
    r"|does not exist",
    re.IGNORECASE,
)


def problems(lines: Iterable[str]) -> list[str]:
    """The messages that explain why Asterisk, or a part of it, did not start; in the log's order."""
    found = (_LINE.match(line) for line in lines)
    return [match[2].strip() for match in found if match and _FATAL.search(match[2])]
