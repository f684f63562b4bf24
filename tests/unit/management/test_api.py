from __future__ import annotations

from engine.domain.errors import Unavailable
from management import api
from management.language import texts


def test_where_the_database_stands_is_not_told() -> None:
    """Whoever sends any key is answered this while it is away."""
    away = Unavailable("postgres_unreachable", "PostgreSQL cannot be reached: {error}", error="('10.0.0.5', 5432)")
    answer = api.answer(away, texts("en"))
    assert (answer.status_code, answer.content.code) == (503, "postgres_unreachable")
    assert "10.0.0.5" not in answer.content.title + answer.content.detail
