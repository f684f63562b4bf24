"""What a new password must be: long enough, and nothing that is guessed first. No rules about kinds of characters: they make
passwords harder to remember, not to guess (NIST SP 800-63B, 5.1.1.2).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

from engine.domain.text import mark
from management.fields import Fields

SHORTEST = 10
LONGEST = 128
"""Characters. Argon2 takes any length; the limit keeps requests small."""
_FEWEST_KINDS = 4
"""Different characters: «1111111111» and «ababababab» are guessed first."""
_RUNS = ("01234567890123456789", "09876543210987654321", "abcdefghijklmnopqrstuvwxyz", "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
         "qwertyuiop[]asdfghjkl;'zxcvbnm,./", "йцукенгшщзхъфывапролджэячсмитьбю.", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
         "1q2w3e4r5t6y7u8i9o0p")  # fmt: skip
"""Of the alphabet and of keyboards."""
_WORDS = frozenset(
    "password passwort qwerty welcome letmein iloveyou princess football baseball basketball sunshine superman batman"
    " dragon monkey master shadow trustno starwars whatever computer internet changeme secret default administrator admin"
    " root user guest login test google michael jordan jessica charlie asterisk dozvon пароль привет любовь солнышко"
    " зайчик котенок наташа марина максим александр анастасия секрет админ администратор москва россия спартак зенит"
    " йцукен parol privet lubov natasha marina maksim aleksandr anastasia sekret moskva rossiya spartak zenit".split()
)
"""What the usual lists of leaked passwords begin with; alone or with digits and signs around it is no secret."""
_AROUND = re.compile(r"[\W\d_]+")
_ENDS = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_LEET = str.maketrans("@4310$5!7", "aaeiossit")


def check_password(fields: Fields, path: str, password: str, email: str) -> str:
    """The password as it is hashed (NFC), or an error noted at ``path``. ``email``: its owner's."""
    kept = unicodedata.normalize("NFC", password)
    if len(kept) < SHORTEST:
        fields.wrong(path, "too_short", mark("At least {least} characters are needed"), least=SHORTEST)
    elif len(kept) > LONGEST:
        fields.wrong(
            path, "too_long", mark("{most} characters at most; these are {found}"), most=LONGEST, found=len(kept)
        )
    elif _holds_email(kept, email):
        fields.wrong(path, "email_in_password", mark("The password must not consist of the e-mail address"))
    elif is_common(kept):
        fields.wrong(path, "common", mark("This password is among the first to be guessed; choose another"))
    return kept


@cache
def _leaked() -> frozenset[str]:
    """In lower case, from the file that names its source."""
    lines = Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("# "))


def is_common(password: str) -> bool:
    """Whether it leaks often, or is a known word with ornaments, the same word again, a walk over the keyboard, or few characters
    repeated."""
    low = password.casefold()
    plain = _AROUND.sub("", low)
    spelled = _AROUND.sub("", _ENDS.sub("", low).translate(_LEET))
    return (
        low in _leaked()
        or len(set(low)) < _FEWEST_KINDS
        or any(low in run for run in _RUNS)
        or any(_is_repeated(text) for text in (plain, spelled))
    )


def _is_repeated(text: str) -> bool:
    """A known word, once or more times."""
    return any(text.startswith(word) and not text.replace(word, "") for word in _WORDS)


def _holds_email(password: str, email: str) -> bool:
    low, (name, _, domain) = password.casefold(), email.casefold().partition("@")
    left = low.replace(email.casefold(), "") if email else low
    for part in (name, domain, domain.rpartition(".")[0]):
        left = left.replace(part, "") if len(part) > 2 else left
    return left != low and len(_AROUND.sub("", left)) < 3
