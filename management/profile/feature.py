"""The feature put together: its pages, and its services by the names that they ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.storage.database import Database
from management.profile.contacts import EmailController, PhoneController
from management.profile.controllers import ProfileController
from management.profile.data import OwnData
from management.profile.mail import Emails
from management.profile.own import DataController, PasswordController, SessionsController
from management.profile.phone import PerDay, Phones
from management.profile.proof import Proof
from management.profile.safety import Safety
from management.profile.service import Profiles
from management.profile.voice import CodeCalls
from management.settings import Settings

PAGES = (
    ProfileController,
    EmailController,
    PhoneController,
    PasswordController,
    SessionsController,
    DataController,
)


def services(settings: Settings, database: Callable[[], Database], shared: Mapping[str, Any]) -> dict[str, object]:
    """``shared``: of the application: callers, passwords, throttle, media, links."""
    callers, passwords, throttle = shared["callers"], shared["passwords"], shared["throttle"]
    proof = Proof(database, passwords, throttle)
    profiles = Profiles(database, callers, shared["media"])
    calls = CodeCalls(database, settings.system_trunk, settings.system_caller_id)
    per_day = PerDay(settings.codes_per_user, settings.codes_per_phone)
    return {
        "profiles": profiles,
        "emails": Emails(database, callers, throttle, proof, settings.public_url),
        "phones": Phones(database, callers, throttle, profiles, calls, per_day),
        "safety": Safety(database, callers, passwords, proof, settings.public_url),
        "own_data": OwnData(database, callers, throttle, proof, shared["media"], shared["links"]),
    }
