"""Invitations to a tenant: what members do with them, in a transaction of the tenant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from auth.members import lock_members, require_authority, role_of
from auth.people import PersonRow, normal_email
from auth.permissions import TenantRole
from auth.principal import Principal
from auth.random_secrets import hash_of, new_secret
from portal.clock import new_id
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.mail.queue import Mail, MailQueue
from portal.problems import refuse

PATH = "/invitation"
LIFETIME = timedelta(days=7)
MOST_OPEN = 100
MOST_MAILS_A_DAY = 500  # of a tenant: nobody writes to the world in our name
MOST_MAILS_TO_ONE_A_DAY = 5
_A_DAY = timedelta(days=1)
OPEN = "accepted_at IS NULL AND revoked_at IS NULL"
_SELECT = (
    "SELECT invitation.id, invitation.email, role, invitation.created_at, expires_at, "  # noqa: S608  constants
    "person.id AS person_id, name, person.email AS person_email, locale, time_zone "
    "FROM invitation LEFT JOIN person ON person.id = invited_by "
    f"WHERE invitation.tenant_id = $1 AND {OPEN} "
)


class InvitationProblem(StrEnum):
    """Why nobody is invited, or an invitation not changed."""

    INVALID = "INVALID"
    ALREADY_MEMBER = "ALREADY_MEMBER"
    ALREADY_INVITED = "ALREADY_INVITED"
    TOO_MANY_INVITATIONS = "TOO_MANY_INVITATIONS"
    TOO_MANY_MAILS = "TOO_MANY_MAILS"
    NOT_FOUND = "NOT_FOUND"


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation that nobody accepted or revoked; who made it may have left."""

    id: UUID
    email: str
    role: TenantRole
    invited_by: PersonRow | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class InvitationMails:
    """How an invited person hears of it."""

    queue: MailQueue
    public_url: str


async def read_invitations(tx: TenantTransaction) -> list[InvitationRow]:
    """All that are open, the oldest first; those that have expired can be sent again."""
    return [_invitation(row) for row in await tx.rows(f"{_SELECT} ORDER BY invitation.id", tx.tenant_id)]


async def read_invitations_by_id(tx: TenantTransaction, ids: Sequence[UUID]) -> dict[UUID, InvitationRow]:
    """Those of these invitations that are open."""
    rows = await tx.rows(f"{_SELECT} AND invitation.id = ANY($2)", tx.tenant_id, list(ids))
    return {row["id"]: _invitation(row) for row in rows}


async def invite(
    tx: TenantTransaction, email: str, role: TenantRole, *, inviter: Principal, mails: InvitationMails, now: datetime
) -> UUID:
    """Invite an address, which nobody learns to have an account or none, and mail it; the invitation's id.

    Raises:
        RefusedError: the inviter may not give the role, the address is none, a member's or invited already, or got
            enough mails for a day.
    """
    try:
        email = normal_email(email)
    except ValueError:
        raise refuse(InvitationProblem.INVALID, "Write an e-mail address like name@example.com.", "email") from None
    await lock_members(tx, tx.tenant_id)
    require_authority(await role_of(tx, inviter.id), role, "role")
    await _require_room(tx, email, now)
    await _require_mails_left(tx, email, "email", now=now)
    invitation_id, secret = new_id(now), new_secret()
    await tx.execute(
        "INSERT INTO invitation (tenant_id, id, email, role, secret_hash, invited_by, created_at, expires_at, "
        "mailed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, ARRAY[$7::timestamptz])",
        *(tx.tenant_id, invitation_id, email, role, hash_of(secret), inviter.id, now, now + LIFETIME),
    )
    await _mail(tx, email, role, secret, inviter=inviter, mails=mails, now=now)
    return invitation_id


async def resend_invitation(
    tx: TenantTransaction, invitation_id: UUID, *, inviter: Principal, mails: InvitationMails, now: datetime
) -> None:
    """Mail a new link, which begins a new time; the old one is good for nothing any more.

    Raises:
        RefusedError: there is no such open invitation, the inviter may not give its role, or the address got enough
            mails for a day.
    """
    email, role = await _changeable(tx, invitation_id, inviter.id)
    await _require_mails_left(tx, email, "id", now=now)
    secret = new_secret()
    await tx.execute(
        "UPDATE invitation SET secret_hash = $3, expires_at = $4, invited_by = $5, "
        "mailed_at = mailed_at || $6::timestamptz WHERE tenant_id = $1 AND id = $2",
        *(tx.tenant_id, invitation_id, hash_of(secret), now + LIFETIME, inviter.id, now),
    )
    await _mail(tx, email, role, secret, inviter=inviter, mails=mails, now=now)


async def revoke_invitation(tx: TenantTransaction, invitation_id: UUID, *, actor_id: UUID, now: datetime) -> None:
    """Take an invitation back.

    Raises:
        RefusedError: there is no such open invitation, or the person `actor_id` may not take its role.
    """
    await _changeable(tx, invitation_id, actor_id)
    sql = "UPDATE invitation SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2"
    await tx.execute(sql, tx.tenant_id, invitation_id, now)


async def _require_room(tx: TenantTransaction, email: str, now: datetime) -> None:
    """Whether the address may be invited; row-level security shows the people of this tenant alone."""
    row = await tx.row(
        "SELECT EXISTS (SELECT FROM membership JOIN person ON person.id = person_id "  # noqa: S608  constants
        "WHERE membership.tenant_id = $1 AND email = $2) AS is_member, "
        f"(SELECT count(*) FROM invitation WHERE tenant_id = $1 AND {OPEN}) AS open, "
        f"(SELECT expires_at FROM invitation WHERE tenant_id = $1 AND email = $2 AND {OPEN}) AS earlier",
        *(tx.tenant_id, email),
    )
    if row is None or row["is_member"]:
        raise refuse(InvitationProblem.ALREADY_MEMBER, "This address is a member's already.", "email")
    if row["earlier"] is None and row["open"] >= MOST_OPEN:
        message = f"{MOST_OPEN} invitations are open: revoke some of them first."
        raise refuse(InvitationProblem.TOO_MANY_INVITATIONS, message)
    if row["earlier"] is not None:
        if row["earlier"] > now:
            message = "This address is invited already: send that invitation again, or revoke it."
            raise refuse(InvitationProblem.ALREADY_INVITED, message, "email")
        await tx.execute(
            f"UPDATE invitation SET revoked_at = $3 WHERE tenant_id = $1 AND email = $2 AND {OPEN}",  # noqa: S608  constants
            *(tx.tenant_id, email, now),
        )


async def _require_mails_left(tx: TenantTransaction, email: str, path: str, *, now: datetime) -> None:
    """Whether another mail may go out: invitations are written to people who never asked for them."""
    row = await tx.row(
        "SELECT count(*) AS to_all, count(*) FILTER (WHERE email = $2) AS to_one "
        "FROM invitation, unnest(mailed_at) AS mailed (at) WHERE tenant_id = $1 AND mailed.at > $3",
        *(tx.tenant_id, email, now - _A_DAY),
    )
    if row is not None and row["to_one"] >= MOST_MAILS_TO_ONE_A_DAY:
        message = f"This address got {MOST_MAILS_TO_ONE_A_DAY} invitations within a day: wait until tomorrow."
        raise refuse(InvitationProblem.TOO_MANY_MAILS, message, path)
    if row is not None and row["to_all"] >= MOST_MAILS_A_DAY:
        message = f"{MOST_MAILS_A_DAY} invitations were sent within a day: go on tomorrow."
        raise refuse(InvitationProblem.TOO_MANY_MAILS, message)


async def _changeable(tx: TenantTransaction, invitation_id: UUID, actor_id: UUID) -> tuple[str, TenantRole]:
    """The address and role of an open invitation that this person may change, held until the transaction ends."""
    await lock_members(tx, tx.tenant_id)
    sql = f"SELECT email, role FROM invitation WHERE tenant_id = $1 AND id = $2 AND {OPEN}"  # noqa: S608  constants
    row = await tx.row(sql, tx.tenant_id, invitation_id)
    if row is None:
        raise refuse(InvitationProblem.NOT_FOUND, "There is no such open invitation.", "id")
    role = TenantRole(row["role"])
    require_authority(await role_of(tx, actor_id), role, "id")
    return row["email"], role


async def _mail(
    tx: TenantTransaction,
    email: str,
    role: TenantRole,
    secret: str,
    *,
    inviter: Principal,
    mails: InvitationMails,
    now: datetime,
) -> None:
    tenant = await tx.value("SELECT name FROM tenant WHERE id = $1", tx.tenant_id)
    # The tenant's id leads to the row: before it is known who accepts, no tenant is known either.
    link = f"{mails.public_url}{PATH}?token={tx.tenant_id.hex}.{secret}"
    text = (
        f"{inviter.name} invites you to {tenant}, in the role of {role_in_words(role)}.\n\n"
        f"Open this address to accept:\n\n{link}\n\n"
        f"It is for you alone, works once, and until {now + LIFETIME:%Y-%m-%d %H:%M} UTC. "
        "If you did not expect it, do nothing.\n"
    )
    subject = " ".join(f"{inviter.name} invites you to {tenant}".split())  # a header has one line
    await mails.queue.put(tx, Mail(email, subject, text), at=now)


def role_in_words(role: TenantRole) -> str:
    """A role as people write it: Billing Manager."""
    return role.replace("_", " ").title()


def _invitation(row: Row) -> InvitationRow:
    by = None
    if row["person_id"] is not None:
        by = PersonRow(row["person_id"], row["name"], row["person_email"], row["locale"], row["time_zone"])
    return InvitationRow(row["id"], row["email"], TenantRole(row["role"]), by, row["created_at"], row["expires_at"])
