from __future__ import annotations

from pathlib import Path

import pytest

from engine.domain.errors import BadInput
from management.settings import Smtp, settings_from

SECRET = "postgresql://dozvon:s3cret@db/dozvon"


def test_read_from_the_environment_and_shown_without_the_password() -> None:
    settings = settings_from({"DATABASE_URL": SECRET, "DOZVON_LOG": "WARNING"})
    assert (settings.dsn, settings.log_level) == (SECRET, "warning")
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({}, "setting_missing"),
        ({"DATABASE_URL": ""}, "setting_missing"),
        ({"DATABASE_URL": "mysql://u:s3cret@db/x"}, "setting_dsn"),
        ({"DATABASE_URL": SECRET, "DOZVON_LOG": "loud"}, "setting_log_level"),
        ({"DATABASE_URL": SECRET, "DOZVON_SMTP_URL": "mail.example.ru", "DOZVON_MAIL_FROM": "r@x.ru"}, "setting_smtp"),
        (
            {"DATABASE_URL": SECRET, "DOZVON_SMTP_URL": "http://u:s3cret@x", "DOZVON_MAIL_FROM": "r@x.ru"},
            "setting_smtp",
        ),
        ({"DATABASE_URL": SECRET, "DOZVON_SMTP_URL": "smtp://x:port", "DOZVON_MAIL_FROM": "r@x.ru"}, "setting_smtp"),
        ({"DATABASE_URL": SECRET, "DOZVON_SMTP_URL": "smtp://mail"}, "setting_mail_from"),
        ({"DATABASE_URL": SECRET, "DOZVON_MAIL_FROM": "robot"}, "setting_mail_from"),
        ({"DATABASE_URL": SECRET, "DOZVON_MAIL_FROM": "@x.ru"}, "setting_mail_from"),
        ({"DATABASE_URL": SECRET, "DOZVON_MAIL_FROM": "r@x.ru\nBcc: b@x.ru"}, "setting_mail_from"),
        ({"DATABASE_URL": SECRET, "DOZVON_STORE_URL": "s3:bucket"}, "setting_store"),
        ({"DATABASE_URL": SECRET, "DOZVON_SECRET_FILE": "/nowhere/secret"}, "setting_file"),
        ({"DATABASE_URL": SECRET, "DOZVON_WORKER_JOBS": "1"}, "setting_number"),
        ({"DATABASE_URL": SECRET, "DOZVON_WORKER_JOBS": "many"}, "setting_number"),
        ({"DATABASE_URL": SECRET, "DOZVON_SESSION_IDLE_H": "721"}, "setting_number"),
        ({"DATABASE_URL": SECRET, "DOZVON_STAFF_SESSION_IDLE_H": "0"}, "setting_number"),
        ({"DATABASE_URL": SECRET, "DOZVON_API_PER_MINUTE": "0"}, "setting_number"),
        ({"DATABASE_URL": SECRET, "DOZVON_CODES_PER_USER": "0"}, "setting_number"),
        ({"DATABASE_URL": SECRET, "DOZVON_CODES_PER_PHONE": "-1"}, "setting_number"),
    ],
)
def test_what_is_wrong_is_named_without_its_value(environment: dict[str, str], code: str) -> None:
    with pytest.raises(BadInput) as caught:
        settings_from(environment)
    assert caught.value.code == code
    assert "s3cret" not in str(caught.value)


def test_a_mail_server_with_a_password_of_any_letters() -> None:
    settings = settings_from(
        {
            "DATABASE_URL": SECRET,
            "DOZVON_SMTP_URL": "smtps://robot%40example.ru:p%40ss%3A%2F@mail.example.ru",
            "DOZVON_MAIL_FROM": "Дозвон <robot@example.ru>",
        }
    )
    assert settings.smtp == Smtp("mail.example.ru", 465, True, "robot@example.ru", "p@ss:/")
    assert settings.mail_from == "Дозвон <robot@example.ru>"
    assert "p@ss" not in repr(settings)


@pytest.mark.parametrize(
    ("address", "port"), [("smtp://m", 25), ("smtp://u:p@m", 587), ("smtps://m", 465), ("smtp://m:2525", 2525)]
)
def test_the_usual_port_unless_one_is_given(address: str, port: int) -> None:
    smtp = settings_from({"DATABASE_URL": SECRET, "DOZVON_SMTP_URL": address, "DOZVON_MAIL_FROM": "r@x.ru"}).smtp
    assert smtp is not None and smtp.port == port


def test_the_secret_is_the_file_s_and_random_without_one(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("x" * 40 + "\n")
    assert settings_from({"DATABASE_URL": SECRET, "DOZVON_SECRET_FILE": str(file)}).secret == "x" * 40
    file.write_text("short")
    with pytest.raises(BadInput) as caught:
        settings_from({"DATABASE_URL": SECRET, "DOZVON_SECRET_FILE": str(file)})
    assert (caught.value.code, "short" in str(caught.value)) == ("setting_secret", False)
    assert settings_from({"DATABASE_URL": SECRET}).secret != settings_from({"DATABASE_URL": SECRET}).secret


def test_limits_are_given_by_the_environment() -> None:
    names = ("API_PER_MINUTE", "CODES_PER_USER", "CODES_PER_PHONE", "SESSION_IDLE_H", "STAFF_SESSION_IDLE_H")
    usual = settings_from({"DATABASE_URL": SECRET})
    assert [getattr(usual, name.lower()) for name in names] == [600, 10, 5, 168, 12]
    given = settings_from({"DATABASE_URL": SECRET, **{f"DOZVON_{name}": str(7 + at) for at, name in enumerate(names)}})
    assert [getattr(given, name.lower()) for name in names] == [7, 8, 9, 10, 11]
