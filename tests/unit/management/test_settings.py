from __future__ import annotations

import pytest

from engine.domain.errors import BadInput
from management.settings import settings_from

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
    ],
)
def test_what_is_wrong_is_named_without_its_value(environment: dict[str, str], code: str) -> None:
    with pytest.raises(BadInput) as caught:
        settings_from(environment)
    assert caught.value.code == code
    assert "s3cret" not in str(caught.value)
