"""Events for signed-in people as they happen: ``GET /live``."""
