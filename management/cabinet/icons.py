"""Icons: ``{{ icon("phone") }}`` in any template."""

from __future__ import annotations

import re
from functools import cache

from markupsafe import Markup

from management.cabinet.assets import STATIC, asset

SPRITE = STATIC / "icons.svg"
ICONS = frozenset(re.findall(r'<symbol id="([^"]+)"', SPRITE.read_text(encoding="utf-8")))
"""Names of the drawings in the sprite."""


@cache
def icon(name: str) -> Markup:
    """An ornament beside a text or inside a control that has a name of its own. Raises KeyError for an unknown name."""
    if name not in ICONS:
        raise KeyError(f"no icon {name!r}; see tests/support/sprite.py")
    return Markup('<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>').format(
        asset("icons.svg"), name
    )
