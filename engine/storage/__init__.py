"""Adapter to PostgreSQL: asyncpg, SQL by name in ``sql/*.sql``, numbered migrations."""
