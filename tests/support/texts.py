"""Texts of the cabinet and their Russian. ``python -m tests.support.texts`` lists what is missing and what is left over."""

from __future__ import annotations

from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import management
from management.language import LOCALE

_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "mark": None}
_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2"), ("**/templates/**.txt", "jinja2")]


def used() -> set[str]:
    """Message ids in code and templates; of plurals the singular."""
    folder = Path(management.__file__).parent
    found = extract_from_dir(folder, _METHODS, keywords=_KEYWORDS)
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


def translated() -> dict[str, object]:
    """Message id → Russian, of all catalogues. Raises ValueError for one that stands in two of them."""
    catalogue: dict[str, object] = {}
    for po in sorted((LOCALE / "ru" / "LC_MESSAGES").glob("*.po")):
        with po.open("rb") as file:
            for message in read_po(file, locale="ru"):
                key = message.id if isinstance(message.id, str) else message.id[0]
                if key in catalogue:
                    raise ValueError(f"{po.name}: {key!r} stands in another file too")
                if key:
                    catalogue[key] = message.string
    return catalogue


if __name__ == "__main__":
    known = translated()
    for text in sorted(used() - known.keys()):
        print("missing:  ", text)
    for text in sorted(known.keys() - used()):
        print("left over:", text)
