"""User-facing texts through gettext: message ids are English, translations lie in ``engine/locale``."""

from __future__ import annotations

import gettext
from pathlib import Path

_LOCALE = Path(__file__).resolve().parent.parent / "locale"
_catalogue: gettext.NullTranslations = gettext.NullTranslations()


def use(language: str) -> None:
    """Speak ``language`` ("ru", "en", or a POSIX locale such as "ru_RU.UTF-8") from now on; unknown ones fall back to English."""
    global _catalogue
    short = language.split(".")[0].split("_")[0] or "en"
    _catalogue = gettext.translation("dozvon", localedir=str(_LOCALE), languages=[short], fallback=True)


def translate(message: str) -> str:
    """The text of ``message`` in the current language."""
    return _catalogue.gettext(message)


def mark(message: str) -> str:
    """Mark a literal for extraction where it is translated later (gettext's N_)."""
    return message
