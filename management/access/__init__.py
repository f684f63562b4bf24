"""Who calls, what he may do, and the marks he leaves: sessions, API keys, rights, brakes, one-time tokens, the audit log."""
