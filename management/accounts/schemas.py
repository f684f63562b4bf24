"""Forms. A field that a browser leaves out, such as a tick that was not set, is ''."""

from __future__ import annotations

import msgspec


class RegistrationForm(msgspec.Struct, frozen=True):
    """``offer``, ``privacy``: the version of the document that was shown, when ticked."""

    email: str = ""
    password: str = ""
    promo: str = ""
    offer: str = ""
    privacy: str = ""

    def shown(self) -> dict[str, object]:
        """What is shown again beside its errors; ticks are set anew, knowingly."""
        return {"email": self.email, "promo": self.promo, "offer": self.offer, "privacy": self.privacy}


class SignInForm(msgspec.Struct, frozen=True):
    email: str = ""
    password: str = ""
    next: str = ""


class CodeForm(msgspec.Struct, frozen=True):
    """``code``: of the application, or a recovery code."""

    code: str = ""
    next: str = ""


class EmailForm(msgspec.Struct, frozen=True):
    email: str = ""


class PasswordForm(msgspec.Struct, frozen=True):
    password: str = ""


class FactorForm(msgspec.Struct, frozen=True):
    """What changes of the second factor ask for."""

    password: str = ""
    code: str = ""
