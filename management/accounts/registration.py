"""Registration and the confirmation of its address. Whether an address has an account shows only to who reads its mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.domain.ids import AccountId
from engine.domain.text import mark
from engine.storage.database import Connection, Database
from management.access.caller import Role
from management.access.callers import AGENT_LENGTH
from management.access.password_rules import check_password
from management.access.secrets import Passwords
from management.access.throttle import LETTER, PROMO, REGISTRATION, Throttle
from management.access.tokens import Purpose, peek, redeem
from management.access.users import create_user, hold_address
from management.accounts.documents import Document, Documents
from management.accounts.holders import SQL, Holder, Visit, braked, by_email, by_id, note
from management.accounts.jobs import LETTER_TO, LetterTo
from management.accounts.notices import Notices
from management.accounts.schemas import RegistrationForm
from management.accounts.signing_in import SignIn
from management.errors import invalid
from management.fields import Fields
from management.jobs.queue import enqueue
from management.language import texts
from management.mailing.messages import is_address

LONGEST_PROMO = 40
_BONUS = mark("Bonus for the promo code {code}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A registration that may be made. ``promo``: '' for none."""

    email: str
    password: str
    promo: str
    consents: Mapping[Document, str]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """``cookie``: of the session. ``bonus`` None: no promo code was given, or it is used up meanwhile."""

    cookie: str
    bonus: Decimal | None


class Registration:
    def __init__(
        self,
        database: Callable[[], Database],
        passwords: Passwords,
        throttle: Throttle,
        notices: Notices,
        documents: Documents,
        sign_in: SignIn,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._throttle = throttle
        self._notices = notices
        self._documents = documents
        self._sign_in = sign_in

    async def register(self, form: RegistrationForm, visit: Visit) -> None:
        """Raises Invalid, TooMany. A known address gets another letter, and nothing else is different: the password is hashed
        in both cases. One that was never confirmed is registered anew: who registered it first need not be its owner. Not so
        an employee's: with his invitation beside it he might confirm the password of a stranger."""
        wanted = self._checked(form, visit)
        await self._throttle.take(REGISTRATION, visit.network)
        if wanted.promo:
            await self._throttle.take(PROMO, visit.network)
            if not await self._database().fetchval(SQL["promo_known"], wanted.promo):
                raise invalid("promo", "promo", mark("There is no such promo code, or it is used up"))
        await self._throttle.take(LETTER, braked("mail", wanted.email))
        hashed = await self._passwords.hash(wanted.password)
        async with self._database().transaction() as connection:
            await hold_address(connection, wanted.email)
            holder = await by_email(connection, wanted.email)
            if holder is not None and (holder.confirmed or holder.role.staff):
                await self._notices.send(connection, "already_registered", holder, "/login", visit.language)
            else:
                await self._write(connection, wanted, hashed, holder, visit)

    def _checked(self, form: RegistrationForm, visit: Visit) -> Wanted:
        fields = Fields()
        email = fields.email("email", form.email)
        if "@" in form.email and not is_address(email):
            fields.wrong("email", "email", mark("An e-mail address like name@example.com is needed"))
        password = check_password(fields, "password", form.password, email)
        promo = fields.line("promo", form.promo, required=False, most=LONGEST_PROMO).upper()
        given = {Document.OFFER: form.offer, Document.PRIVACY: form.privacy}
        for edition in self._documents.all(visit.language):
            if not given[edition.document]:
                fields.wrong(edition.document, "consent", mark("Without this consent there can be no registration"))
            elif given[edition.document] != edition.version:
                fields.wrong(edition.document, "changed", mark("The document has changed meanwhile: look at it again"))
        fields.check()
        return Wanted(email, password, promo, given)

    async def _write(
        self, connection: Connection, wanted: Wanted, hashed: str, holder: Holder | None, visit: Visit
    ) -> None:
        if holder is None:
            user = await create_user(connection, wanted.email, Role.CUSTOMER, visit.language, password=hashed)
        else:
            user = holder.user
            await connection.execute(SQL["set_password"], user, hashed)
        for document, version in wanted.consents.items():
            agent = visit.agent[:AGENT_LENGTH]
            await connection.execute(SQL["consent"], user, document.value, version, visit.ip or None, agent)
        written = await by_id(connection, user)
        assert written is not None
        await self._notices.send_link(
            connection, Purpose.CONFIRM_EMAIL, written, visit.language, {"promo": wanted.promo}
        )
        consents = {document.value: version for document, version in wanted.consents.items()}
        after = {"email": wanted.email, "promo": wanted.promo, **consents}
        await note(connection, written, visit, "user.registered", after=after)

    async def send_again(self, email: str, visit: Visit) -> None:
        """Another letter to confirm by, for any address alike. Raises Invalid for what is none, TooMany."""
        await ask_for_letter(self._database(), self._throttle, Purpose.CONFIRM_EMAIL, email, visit)

    async def awaits(self, secret: str) -> bool:
        """Whether a link still confirms something."""
        return await peek(self._database(), Purpose.CONFIRM_EMAIL, secret) is not None

    async def confirm(self, secret: str, visit: Visit) -> Confirmed | None:
        """None: the link is forged, used, too old, or no more needed: it must not be a way in past the second factor."""
        async with self._database().transaction() as connection:
            token = await redeem(connection, Purpose.CONFIRM_EMAIL, secret)
            holder = None if token is None else await by_id(connection, token.user)
            if token is None or holder is None or holder.blocked or holder.confirmed:
                return None
            bonus = await activate(connection, holder, str(token.payload.get("promo", "")), visit)
            return Confirmed(await self._sign_in.opened(connection, holder, visit, "confirmation"), bonus)


async def activate(connection: Connection, holder: Holder, promo: str, visit: Visit) -> Decimal | None:
    """The address is his: his invitations become memberships, the promo code gives its bonus, which is returned."""
    await connection.execute(SQL["hold"], holder.user)
    if await connection.fetchval(SQL["confirm"], holder.user) is None:
        return None
    await note(connection, holder, visit, "user.email_confirmed")
    for row in await connection.fetch(SQL["accept_invitations"], holder.user, holder.email, holder.account):
        after = {"user": holder.user, "right": row["right"]}
        account = AccountId(row["account_id"])
        await note(connection, holder, visit, "member.joined", row["project_id"], account=account, after=after)
    bonus: Decimal | None = await connection.fetchval(SQL["use_promo"], promo) if promo else None
    if bonus is not None:
        comment = texts(holder.language).gettext(_BONUS).format(code=promo)
        await connection.execute(SQL["credit_bonus"], holder.user, holder.account, bonus, comment)
        given = {"promo": promo, "bonus": str(bonus)}
        await note(connection, holder, visit, "account.bonus", holder.account, after=given)
    return bonus


async def ask_for_letter(database: Database, throttle: Throttle, purpose: Purpose, email: str, visit: Visit) -> None:
    """A worker looks whether the address is known, so the answer here cannot tell, by its time neither."""
    fields = Fields()
    address = fields.email("email", email)
    fields.check()
    await throttle.take(LETTER, braked("mail", address))
    async with database.transaction() as connection:
        await enqueue(connection, LETTER_TO, LetterTo(purpose.value, address, visit.language))
