"""What a form shows: the values typed so far and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from management.language import Texts


class Problem(Protocol):
    """One wrong field. ``path``: its name. ``message``: a message id with ``{}`` places for ``params``."""

    @property
    def path(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def params(self) -> Mapping[str, object]: ...


def errors(texts: Texts, problems: Iterable[Problem]) -> dict[str, str]:
    """Path → message in the reader's language; of several at one path the first."""
    found: dict[str, str] = {}
    for problem in problems:
        found.setdefault(problem.path, texts.gettext(problem.message).format(**problem.params))
    return found


@dataclass(frozen=True, slots=True)
class Form:
    """``values`` and ``errors`` by name of the field; an error at "" concerns the whole form.

    ``id`` tells apart the fields of two forms on one page.
    """

    values: Mapping[str, object] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    id: str = "form"

    def value(self, name: str) -> str:
        value = self.values.get(name)
        return "" if value is None else str(value)

    def chosen(self, name: str, value: object) -> bool:
        """Is ``value`` the one, or one of those, that the field has?"""
        held = self.values.get(name)
        if isinstance(held, (list, tuple, set, frozenset)):
            return str(value) in {str(each) for each in held}
        return held is not None and str(held) == str(value)

    def checked(self, name: str) -> bool:
        return bool(self.values.get(name))

    def error(self, name: str) -> str:
        return self.errors.get(name, "")

    def field(self, name: str) -> str:
        """The id of a field's element."""
        return f"{self.id}-{name}"

    def attributes(self, name: str, hint: object, required: bool, extra: Mapping[str, object]) -> dict[str, object]:
        """For the filter ``xmlattr``. ``extra``: further ones; ``hx_get`` becomes ``hx-get``."""
        told = [
            f"{self.field(name)}-{what}" for what in ("hint", "error") if (hint if what == "hint" else self.error(name))
        ]
        return {
            "id": self.field(name),
            "name": name,
            "required": "" if required else None,
            "aria-describedby": " ".join(told) or None,
            "aria-invalid": "true" if self.error(name) else None,
            **{key.rstrip("_").replace("_", "-"): value for key, value in extra.items()},
        }
