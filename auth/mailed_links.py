"""Addresses in mails that prove who reads a person's mail: good once, and not for long."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from auth.mails import notice_mail, reset_mail, verification_mail
from auth.random_secrets import hash_of, new_secret
from portal.clock import Clock
from portal.database import Transaction
from portal.mail.queue import MailQueue

RESET_PATH = "/password/reset"
VERIFY_PATH = "/email/verify"
_FIND = """
SELECT person_id, email FROM mailed_link JOIN person USING (email)
WHERE secret_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3
  AND person.id = person_id AND disabled_at IS NULL
FOR UPDATE OF mailed_link
"""


class LinkPurpose(StrEnum):
    """What the address is for."""

    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105  a name, no password
    EMAIL_VERIFICATION = "EMAIL_VERIFICATION"


_KINDS = {
    LinkPurpose.PASSWORD_RESET: (RESET_PATH, timedelta(hours=1), reset_mail),
    LinkPurpose.EMAIL_VERIFICATION: (VERIFY_PATH, timedelta(days=1), verification_mail),
}


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose mail the address was in."""

    person_id: UUID
    email: str


class MailedLinks:
    """Mails them and takes them back; in transactions of the database role `auth`."""

    def __init__(self, clock: Clock, mails: MailQueue, *, public_url: str, product_name: str) -> None:
        self._clock = clock
        self._mails = mails
        self._public_url = public_url
        self._product_name = product_name

    async def send(self, tx: Transaction, purpose: LinkPurpose, person_id: UUID, email: str) -> None:
        """Mail a new one; those before it are no longer good."""
        path, lifetime, mail = _KINDS[purpose]
        now, secret = self._clock.now(), new_secret()
        await self.withdraw(tx, purpose, person_id)
        await tx.execute(
            "INSERT INTO mailed_link (secret_hash, person_id, purpose, email, created_at, expires_at) "
            "VALUES ($1, $2, $3, $4, $5, $6)",
            *(hash_of(secret), person_id, purpose, email, now, now + lifetime),
        )
        await self._mails.put(tx, mail(self._product_name, email, f"{self._public_url}{path}?token={secret}"), at=now)

    async def withdraw(self, tx: Transaction, purpose: LinkPurpose, person_id: UUID) -> None:
        """Those that were sent are no longer good."""
        await tx.execute("DELETE FROM mailed_link WHERE person_id = $1 AND purpose = $2", person_id, purpose)

    async def holder(self, tx: Transaction, purpose: LinkPurpose, secret: str) -> Holder | None:
        """Whose it is, locked until the transaction ends; None if it is not good, or no longer."""
        row = await tx.row(_FIND, hash_of(secret), purpose, self._clock.now())
        return Holder(**row) if row else None

    async def use(self, tx: Transaction, purpose: LinkPurpose, secret: str) -> Holder | None:
        """Whose it is; from now on it is no longer good."""
        holder = await self.holder(tx, purpose, secret)
        if holder is not None:
            await tx.execute(
                "UPDATE mailed_link SET used_at = $2 WHERE secret_hash = $1", hash_of(secret), self._clock.now()
            )
        return holder

    async def tell(self, tx: Transaction, email: str, what: str) -> None:
        """Mail a person what has changed in the account, a sentence."""
        await self._mails.put(tx, notice_mail(self._product_name, email, what), at=self._clock.now())
