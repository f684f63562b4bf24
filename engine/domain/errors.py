"""One error tree for the engine: a stable code for programs, a sentence for people, parameters for both."""

from __future__ import annotations

from engine.domain.text import translate


class DozvonError(Exception):
    """Base of all errors that a person is told about.

    ``message`` is an English gettext id in ``str.format`` form, ``params`` fill it; ``str(error)`` speaks the
    language chosen by ``text.use``. ``code`` is stable and is what tests and API clients match on.
    """

    def __init__(self, code: str, message: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.params = params

    def __str__(self) -> str:
        return translate(self.message).format(**self.params)


class BadInput(DozvonError):
    """What the user gave cannot be used; the message names the field, line or node."""


class Unavailable(DozvonError):
    """Something outside (Asterisk, PostgreSQL, a trunk, a voice) is missing or does not answer."""


class Refused(DozvonError):
    """A rule forbids it: wrong state, no funds, no right."""
