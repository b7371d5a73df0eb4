"""The members of a tenant, and who may change whom; each function works in a transaction of that tenant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from auth.people import PersonRow
from auth.permissions import Permission, TenantRole, permissions_of
from portal.database import TenantTransaction, Transaction
from portal.database.connection import Row
from portal.problems import refuse

_SELECT = """
SELECT membership.id, membership.role, membership.created_at, person_id, name, email, locale, time_zone,
  (SELECT max(seen_at) FROM session
   WHERE session.tenant_id = $1 AND session.person_id = membership.person_id) AS last_seen_at,
  EXISTS (SELECT FROM totp WHERE totp.person_id = membership.person_id AND confirmed_at IS NOT NULL)
  OR EXISTS (SELECT FROM passkey WHERE passkey.person_id = membership.person_id) AS second_factor
FROM membership JOIN person ON person.id = membership.person_id
WHERE membership.tenant_id = $1
"""
_BELOW_THE_OWNER = frozenset(TenantRole) - {TenantRole.OWNER}
# The roles that a role gives and takes; the others neither.
_MANAGED_BY = {
    TenantRole.OWNER: _BELOW_THE_OWNER,
    TenantRole.ADMINISTRATOR: _BELOW_THE_OWNER - {TenantRole.ADMINISTRATOR},
}


class MemberProblem(StrEnum):
    """Why a member is not changed."""

    NOT_FOUND = "NOT_FOUND"
    ONLY_THE_OWNER = "ONLY_THE_OWNER"
    OWNER_BY_TRANSFER_ONLY = "OWNER_BY_TRANSFER_ONLY"


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member."""

    id: UUID
    person: PersonRow
    role: TenantRole
    joined_at: datetime
    last_seen_at: datetime | None
    second_factor: bool


def require_authority(actor: TenantRole | None, over: TenantRole, *path: str) -> None:
    """Refuse whoever may neither give nor take a role; None has left meanwhile. Pure.

    Raises:
        RefusedError: it is the Owner's, or the actor's own role is too low.
    """
    if over is TenantRole.OWNER:
        message = "There is one Owner, and only a transfer of ownership makes another: begin one."
        raise refuse(MemberProblem.OWNER_BY_TRANSFER_ONLY, message, *path)
    if actor is None or over not in _MANAGED_BY.get(actor, ()):
        message = "Only the Owner makes, changes and removes Administrators: ask the Owner."
        raise refuse(MemberProblem.ONLY_THE_OWNER, message, *path)


async def lock_members(tx: Transaction, tenant_id: UUID) -> None:
    """One change of a tenant's members at a time, so that what it found still holds when it commits."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{tenant_id}/members")


async def read_members(tx: TenantTransaction) -> list[MemberRow]:
    """All members, by name."""
    rows = await tx.rows(f"{_SELECT} ORDER BY name, membership.id", tx.tenant_id)
    return [_member(row) for row in rows]


async def read_members_by_id(tx: TenantTransaction, ids: Sequence[UUID]) -> dict[UUID, MemberRow]:
    """Those of these members who are there."""
    rows = await tx.rows(f"{_SELECT} AND membership.id = ANY($2)", tx.tenant_id, list(ids))
    return {row["id"]: _member(row) for row in rows}


async def role_of(tx: TenantTransaction, person_id: UUID) -> TenantRole | None:
    """What a person is in this tenant now."""
    sql = "SELECT role FROM membership WHERE tenant_id = $1 AND person_id = $2"
    role = await tx.value(sql, tx.tenant_id, person_id)
    return TenantRole(role) if role else None


async def change_role(
    tx: TenantTransaction, member_id: UUID, role: TenantRole, *, actor_id: UUID, now: datetime
) -> None:
    """Give a member another role.

    Raises:
        RefusedError: there is no such member, or the person `actor_id` may not give or take such a role.
    """
    person_id, old = await _locked(tx, member_id)
    actor = await role_of(tx, actor_id)
    require_authority(actor, old, "id")
    require_authority(actor, role, "role")
    sql = "UPDATE membership SET role = $3 WHERE tenant_id = $1 AND id = $2"
    await tx.execute(sql, tx.tenant_id, member_id, role)
    if Permission.MEMBERS_WRITE not in permissions_of(role):
        await _withdraw_invitations(tx, person_id, now)


async def remove_member(tx: TenantTransaction, member_id: UUID, *, actor_id: UUID, now: datetime) -> None:
    """End a membership, one's own too; what the person invited, or was offered, ends with it.

    Raises:
        RefusedError: there is no such member, or the person `actor_id` may not remove one of that role.
    """
    person_id, role = await _locked(tx, member_id)
    if person_id != actor_id or role is TenantRole.OWNER:
        require_authority(await role_of(tx, actor_id), role, "id")
    await _withdraw_invitations(tx, person_id, now)
    await tx.execute(
        "UPDATE ownership_transfer SET canceled_at = $3 "
        "WHERE tenant_id = $1 AND to_person = $2 AND accepted_at IS NULL AND canceled_at IS NULL",
        *(tx.tenant_id, person_id, now),
    )
    await tx.execute("DELETE FROM membership WHERE tenant_id = $1 AND id = $2", tx.tenant_id, member_id)


async def _locked(tx: TenantTransaction, member_id: UUID) -> tuple[UUID, TenantRole]:
    """Whose membership it is and its role, which nobody else changes until the transaction ends."""
    await lock_members(tx, tx.tenant_id)
    sql = "SELECT person_id, role FROM membership WHERE tenant_id = $1 AND id = $2"
    row = await tx.row(sql, tx.tenant_id, member_id)
    if row is None:
        raise refuse(MemberProblem.NOT_FOUND, "There is no such member.", "id")
    return row["person_id"], TenantRole(row["role"])


async def _withdraw_invitations(tx: TenantTransaction, person_id: UUID, now: datetime) -> None:
    """Who may invite nobody any more leaves no door open."""
    await tx.execute(
        "UPDATE invitation SET revoked_at = $3 "
        "WHERE tenant_id = $1 AND invited_by = $2 AND accepted_at IS NULL AND revoked_at IS NULL",
        *(tx.tenant_id, person_id, now),
    )


def _member(row: Row) -> MemberRow:
    return MemberRow(
        row["id"],
        PersonRow(row["person_id"], row["name"], row["email"], row["locale"], row["time_zone"]),
        TenantRole(row["role"]),
        row["created_at"],
        row["last_seen_at"],
        row["second_factor"],
    )
