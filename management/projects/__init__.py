"""Projects: what they are called, their contacts' fields, tags, and the people they are shared with."""
