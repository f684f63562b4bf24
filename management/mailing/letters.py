"""The letters' texts. A letter is written once, as paragraphs and at most one button; two templates make text and HTML of
it, so that neither can say less than the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from engine.domain.text import mark
from management.language import Texts, texts


@dataclass(frozen=True, slots=True)
class Letter:
    """Ready to be sent."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Draft:
    """Message ids with ``{name}`` places. The button's address is the place ``link``."""

    subject: str
    paragraphs: tuple[str, ...]
    button: str = ""
    after: tuple[str, ...] = ()


_IGNORE = mark("If it was not you, do nothing: without the link nothing changes.")
_ALARM = mark("If it was not you, recover your password at once and end the other sessions in your profile.")

LETTERS = {
    "confirm_email": Draft(
        mark("Confirm your e-mail address"),
        (mark("Somebody, probably you, gave this address to Dozvon. Confirm that it is yours."),),
        mark("Confirm the address"),
        (mark("The link works until {until}."), _IGNORE),
    ),
    "already_registered": Draft(
        mark("You are registered already"),
        (
            mark("Somebody, probably you, tried to register at Dozvon with this address. It has an account already."),
            mark("Sign in with your password; if you have forgotten it, ask for a new one on the page of the button."),
        ),
        mark("Go to Dozvon"),
        (mark("If it was not you, do nothing: your account is as it was."),),
    ),
    "recover_password": Draft(
        mark("A new password"),
        (mark("Somebody, probably you, asked for a new password of your account."),),
        mark("Choose a new password"),
        (mark("The link works once, until {until}."), _IGNORE),
    ),
    "password_changed": Draft(
        mark("Your password was changed"),
        (mark("The password of your account was changed at {at} from the address {ip}."), _ALARM),
        mark("Recover the password"),
    ),
    "email_changed": Draft(
        mark("Your e-mail address was changed"),
        (mark("Your account has the address {email} now; it was changed at {at} from the address {ip}."), _ALARM),
        mark("Go to Dozvon"),
    ),
    "invitation": Draft(
        mark("{who} invites you to the project {project}"),
        (
            mark("{who} works with Dozvon and shares the project {project} with you."),
            mark("What you may do there: {right}."),
            mark(
                "Register with this very address, {email}, and confirm it: the project will be among those shared with you."
            ),
        ),
        mark("Register"),
        (mark("If you do not know who that is, do nothing: until you register nobody gets access to anything."),),
    ),
    "shared": Draft(
        mark("{who} shared the project {project} with you"),
        (
            mark("{who} shared the project {project} with you at Dozvon."),
            mark("What you may do there: {right}."),
        ),
        mark("Open the project"),
        (mark("You can leave the project on its own page at any time."),),
    ),
    "staff_invitation": Draft(
        mark("You are invited to work with Dozvon"),
        (mark("{who} opens Dozvon to you as an employee. Choose a password to begin."),),
        mark("Choose a password"),
        (mark("The link works once, until {until}. Give it to nobody."), _IGNORE),
    ),
    "sign_in_link": Draft(
        mark("Your link to sign in"),
        (mark("With this link you sign in without a password."),),
        mark("Sign in"),
        (mark("The link works once, until {until}. Give it to nobody."), _IGNORE),
    ),
    "new_sign_in": Draft(
        mark("A sign-in from a new device"),
        (mark("Somebody signed in to your account at {at} from the address {ip}: {device}."), _ALARM),
        mark("See the sessions"),
    ),
}


def letter(language: str, name: str, **context: str) -> Letter:
    """The letter ``name`` in ``language`` (one of LANGUAGES). ``context``: a value for each place, and ``link``.

    Raises KeyError for a letter that there is not, or a place without a value.
    """
    draft, words = LETTERS[name], texts(language)
    subject = " ".join(_filled(words, draft.subject, context).split())
    parts = {
        "subject": subject,
        "paragraphs": [_filled(words, text, context) for text in draft.paragraphs],
        "button": _filled(words, draft.button, context),
        "link": context["link"],
        "after": [_filled(words, text, context) for text in draft.after],
        "language": language,
        "signature": words.gettext(_SIGNATURE),
    }
    return Letter(subject, _template("letter.txt").render(parts), _template("letter.html").render(parts))


_SIGNATURE = mark("Dozvon. This letter was sent by a program; nobody reads answers to it.")


def _filled(words: Texts, message: str, context: dict[str, str]) -> str:
    return words.gettext(message).format(**context)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _template(name: str) -> Template:
    return _environment().get_template(name)
