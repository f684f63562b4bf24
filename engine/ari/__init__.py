"""Adapter to Asterisk's REST interface: a thin typed client, the event socket, and the session's Phone on top of them."""
