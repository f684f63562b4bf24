"""The demo campaign: its customer, audience and scenario; the live screen; the report."""
