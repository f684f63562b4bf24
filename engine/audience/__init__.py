"""Contact files in, normalised contacts and problems by line out: phones, time zones, columns, files."""
