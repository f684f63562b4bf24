"""The audit log: written in the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.domain.ids import AccountId
from engine.storage.database import Connection
from engine.storage.queries import load
from management.access.caller import Caller, UserId

_SQL = load(Path(__file__).parent / "queries.sql")


async def audit(
    connection: Connection,
    caller: Caller | None,
    action: str,
    object_id: object = "",
    *,
    account: AccountId | None = None,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    user: UserId | None = None,
    ip: str = "",
) -> None:
    """``action``: "object.verb_in_the_past". ``account``: whose data were changed (the caller's when not given).

    Of ``before`` and ``after`` only what differs is kept; never give secrets. Without a caller, ``user`` and ``ip`` say who
    it was, as far as that is known (registration, recovery).
    """
    before, after = dict(before or {}), dict(after or {})
    same = {name for name, value in after.items() if name in before and before[name] == value}
    await connection.execute(
        _SQL["audit"],
        account if account is not None else caller.account if caller else None,
        caller.user if caller else user,
        caller.key if caller else None,
        (caller.ip if caller else ip) or None,
        action,
        action.partition(".")[0],
        str(object_id),
        {name: value for name, value in before.items() if name not in same},
        {name: value for name, value in after.items() if name not in same},
    )
