"""API keys: made and revoked in the cabinet only, shown once."""
