"""The ISV's own people: the operator gives them accounts on the command line; the page offers no way to become one.

Everything here runs in a transaction in the database role `auth`.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from auth.mailed_links import LinkPurpose, MailedLinks
from auth.people import EmailTakenError, create_person, normal_email
from auth.permissions import StaffRole
from auth.sessions import Sessions
from portal.database import Transaction

_NEW = "SELECT id FROM person WHERE email = $1 AND staff_role = $2 AND password_hash IS NULL AND disabled_at IS NULL"
_DISABLE = (
    "UPDATE person SET disabled_at = $2 WHERE email = $1 AND staff_role IS NOT NULL AND disabled_at IS NULL "
    "RETURNING id"
)
_LIST = "SELECT email, name, staff_role, disabled_at FROM person WHERE staff_role IS NOT NULL ORDER BY email"


@dataclass(frozen=True, slots=True)
class StaffRow:
    """One of the ISV's people."""

    email: str
    name: str
    role: StaffRole
    disabled_at: datetime | None


async def add_staff(
    tx: Transaction, at: datetime, links: MailedLinks, *, email: str, name: str, role: StaffRole
) -> None:
    """Give somebody an account and mail the address at which its password is set; again, while none is set.

    Raises:
        ValueError: it is no e-mail address, or somebody has it already.
    """
    email = normal_email(email)
    person_id: UUID | None = await tx.value(_NEW, email, role)
    if person_id is None:
        try:
            person_id = await create_person(tx, at, email=email, name=name, password_hash=None, staff_role=role)
        except EmailTakenError:
            raise ValueError("somebody has an account with this e-mail address already") from None
    await links.send(tx, LinkPurpose.PASSWORD_RESET, person_id, email)


async def disable_staff(tx: Transaction, at: datetime, sessions: Sessions, email: str) -> None:
    """End an account: its sessions, and what applications might do.

    Raises:
        ValueError: nobody of the staff has it, or it is disabled already.
    """
    person_id: UUID | None = await tx.value(_DISABLE, normal_email(email), at)
    if person_id is None:
        raise ValueError("nobody of the staff has this e-mail address, or the account is disabled already")
    await sessions.end_all(tx, person_id)


async def list_staff(tx: Transaction) -> list[StaffRow]:
    """All of them, by e-mail address."""
    rows = await tx.rows(_LIST)
    return [StaffRow(row["email"], row["name"], StaffRole(row["staff_role"]), row["disabled_at"]) for row in rows]
