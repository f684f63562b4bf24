"""The desk: the first page after signing in."""
