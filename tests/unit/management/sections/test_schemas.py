from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from engine.scenario.events import MachineKind
from management.sections.schemas import Call, CallResult, CallStatus


@pytest.mark.parametrize(
    ("machine", "label"),
    [
        (None, None),
        (MachineKind.VOICEMAIL, None),
        (MachineKind.UNKNOWN, None),
        (MachineKind.SECRETARY, "Virtual secretary"),
        (MachineKind.IVR, "Voice menu"),
        (MachineKind.ANNOUNCEMENT, "Operator's announcement"),
        (MachineKind.FAX, "Fax"),
    ],
)
def test_a_call_says_which_machine_it_was_where_that_says_more_than_the_result(
    machine: MachineKind | None, label: str | None
) -> None:
    call = Call(
        id="1", ended_at=datetime(2026, 1, 2, tzinfo=UTC), project=1, campaign=1, campaign_name="Hears",
        phone="+79001234522", duration=4, status=CallStatus.SUCCESSFUL, outcome="answered", result=CallResult.MACHINE,
        cost=Decimal("2.40"), machine=machine,
    )  # fmt: skip
    assert call.machine_label == label
