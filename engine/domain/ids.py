"""Identifiers. Numbers come from the database; a CallId is a UUID in text and doubles as the ARI channel id."""

from __future__ import annotations

from typing import NewType

AccountId = NewType("AccountId", int)
ProjectId = NewType("ProjectId", int)
CampaignId = NewType("CampaignId", int)
ContactId = NewType("ContactId", int)
ScenarioId = NewType("ScenarioId", int)
TrunkId = NewType("TrunkId", int)
CellId = NewType("CellId", str)
CallId = NewType("CallId", str)
E164 = NewType("E164", str)
"""A telephone number in E.164 with the leading plus: ``+79001234567``."""
