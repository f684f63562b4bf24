"""Files by signed links."""
