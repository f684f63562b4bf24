"""``python -m tests.support.sprite ICONS NAME…``: writes the cabinet's icon sprite anew.

``ICONS``: the folder ``icons/outline`` of an unpacked ``@tabler/icons``. Names given are added to those the sprite has.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from management.cabinet.icons import ICONS, SPRITE

_HEAD = '<svg xmlns="http://www.w3.org/2000/svg">\n<!-- @tabler/icons, MIT; written by tests/support/sprite.py -->\n'


def symbol(name: str, drawing: str) -> str:
    """What stands between the tags of the drawing; its stroke is set by ``.icon`` of cabinet.css."""
    body = re.search(r"<svg[^>]*>(.*)</svg>", drawing, re.DOTALL)
    if body is None:
        raise SystemExit(f"not a drawing: {name}")
    return (
        f'<symbol id="{name}" viewBox="0 0 24 24">{"".join(line.strip() for line in body[1].splitlines())}</symbol>\n'
    )


def main(folder: str, *names: str) -> None:
    drawings = {name: (Path(folder) / f"{name}.svg").read_text(encoding="utf-8") for name in sorted({*ICONS, *names})}
    SPRITE.write_text(_HEAD + "".join(symbol(*item) for item in drawings.items()) + "</svg>\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
