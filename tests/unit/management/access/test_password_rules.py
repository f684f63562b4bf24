from __future__ import annotations

from pathlib import Path

import pytest

from management.access import password_rules
from management.access.password_rules import LONGEST, SHORTEST, check_password
from management.errors import Invalid
from management.fields import Fields

EMAIL = "anna.petrova@example.com"


def refused(password: str, email: str = EMAIL) -> str:
    """The code of what is wrong; empty: nothing."""
    fields = Fields()
    check_password(fields, "password", password, email)
    try:
        fields.check()
    except Invalid as error:
        assert error.fields[0].path == "password"
        return error.fields[0].code
    return ""


@pytest.mark.parametrize(
    "password",
    [
        "верный конь скачет",
        "korova-pod-dozhdem",
        "x" * 5 + "yzabc",
        "ab12" * 32,
        "Password is not my word",
        "🐎🔋🧷🪢🐎🔋🧷🪢🐎🔋",
    ],
)
def test_good_ones(password: str) -> None:
    assert refused(password) == ""


@pytest.mark.parametrize(
    "password",
    ["1111111111", "abababababab", "1234567890", "qwertyuiop", "йцукенгшщзх", "1q2w3e4r5t", "Password12!", "P@ssw0rd11",
     "passwordpassword", "admin12345678", "..Пароль2026..", "qwerty_12345", "Manchester", "basketball1",
     "ghjcnjgfhjkm", "Ghbdtndctv", "translator", "1029384756q"],
)  # fmt: skip
def test_those_that_are_guessed_first(password: str) -> None:
    assert refused(password) == "common"


def test_leaked_ones_stand_in_the_file_as_they_are_looked_up() -> None:
    file = Path(password_rules.__file__).with_name("common_passwords.txt")
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert len(lines) > 2400 and lines == sorted(set(lines))
    assert [line for line in lines if line != line.casefold() or len(line) < SHORTEST] == []
    assert {refused(line) for line in lines} == {"common"}


def test_lengths() -> None:
    good = "верный конь скачет "
    assert refused(good[: SHORTEST - 1]) == "too_short"
    assert refused(good[:SHORTEST]) == ""
    assert refused((good * 10)[:LONGEST]) == ""
    assert refused((good * 10)[: LONGEST + 1]) == "too_long"


@pytest.mark.parametrize("password", [EMAIL, "Anna.Petrova", "anna.petrova1", "anna.petrova@example"])
def test_the_address_is_no_password(password: str) -> None:
    assert refused(password) == "email_in_password"
    assert refused("anna.petrova and a horse") == ""


def test_one_password_has_one_form() -> None:
    decomposed = "и\u0306ожик пришёл"
    assert check_password(Fields(), "password", decomposed, EMAIL) == "йожик пришёл"
