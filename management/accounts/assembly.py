"""Puts the services of this feature together."""

from __future__ import annotations

from collections.abc import Callable

from engine.storage.database import Database
from management.access.callers import Callers
from management.access.secrets import Passwords
from management.access.throttle import Throttle
from management.accounts.documents import Documents
from management.accounts.entrance import Accounts
from management.accounts.notices import Notices
from management.accounts.recovery import Recovery
from management.accounts.registration import Registration
from management.accounts.signing_in import SignIn
from management.accounts.two_factor import TwoFactor


def accounts_of(
    database: Callable[[], Database],
    callers: Callers,
    passwords: Passwords,
    throttle: Throttle,
    documents: Documents,
    public_url: str,
) -> Accounts:
    notices = Notices(public_url)
    two_factor = TwoFactor(database, passwords, throttle)
    sign_in = SignIn(database, callers, passwords, throttle, notices, two_factor)
    return Accounts(
        Registration(database, passwords, throttle, notices, documents, sign_in),
        sign_in,
        Recovery(database, callers, passwords, throttle, notices),
        two_factor,
    )
