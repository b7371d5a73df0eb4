"""Handing a tenant over: the Owner offers, the heir accepts, and at every moment there is exactly one Owner."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from auth.members import lock_members, role_of
from auth.permissions import TenantRole
from portal.clock import new_id
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.problems import refuse

OFFERED_FOR = timedelta(days=7)
_OPEN = "accepted_at IS NULL AND canceled_at IS NULL"
_SELECT = (
    "SELECT ownership_transfer.id, from_person, owner.name AS owner_name, heir.name AS heir_name, "  # noqa: S608  constants
    "ownership_transfer.created_at, expires_at FROM ownership_transfer "
    "JOIN membership ON membership.tenant_id = ownership_transfer.tenant_id "
    "AND membership.person_id = from_person AND membership.role = 'OWNER' "
    "JOIN person AS owner ON owner.id = from_person JOIN person AS heir ON heir.id = to_person "
    f"WHERE ownership_transfer.tenant_id = $1 AND {_OPEN} "
)


class OwnershipProblem(StrEnum):
    """Why a tenant is not handed over."""

    NOT_FOUND = "NOT_FOUND"
    ALREADY_OWNER = "ALREADY_OWNER"
    ONLY_THE_OWNER = "ONLY_THE_OWNER"


@dataclass(frozen=True, slots=True)
class OwnershipTransferRow:
    """An offer that waits for the heir."""

    id: UUID
    owner_name: str
    heir_name: str
    created_at: datetime
    expires_at: datetime


async def offer_ownership(
    tx: TenantTransaction, member_id: UUID, *, owner_id: UUID, now: datetime
) -> OwnershipTransferRow:
    """Offer the tenant to a member, in place of an earlier offer.

    Raises:
        RefusedError: there is no such member, it is the Owner, or the person `owner_id` is the Owner no more.
    """
    await lock_members(tx, tx.tenant_id)
    if await role_of(tx, owner_id) is not TenantRole.OWNER:
        raise refuse(OwnershipProblem.ONLY_THE_OWNER, "Only the Owner hands the tenant over.")
    sql = "SELECT person_id FROM membership WHERE tenant_id = $1 AND id = $2"
    heir_id = await tx.value(sql, tx.tenant_id, member_id)
    if heir_id is None:
        raise refuse(OwnershipProblem.NOT_FOUND, "There is no such member.", "toMemberId")
    if heir_id == owner_id:
        raise refuse(OwnershipProblem.ALREADY_OWNER, "This member is the Owner: choose another.", "toMemberId")
    await tx.execute(
        f"UPDATE ownership_transfer SET canceled_at = $2 WHERE tenant_id = $1 AND {_OPEN}",  # noqa: S608  constants
        *(tx.tenant_id, now),
    )
    transfer_id = new_id(now)
    await tx.execute(
        "INSERT INTO ownership_transfer (tenant_id, id, from_person, to_person, created_at, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        *(tx.tenant_id, transfer_id, owner_id, heir_id, now, now + OFFERED_FOR),
    )
    return _transfer(await tx.row(f"{_SELECT} AND ownership_transfer.id = $2", tx.tenant_id, transfer_id))


async def find_offer(tx: TenantTransaction, heir_id: UUID, *, now: datetime) -> OwnershipTransferRow | None:
    """What this person may accept now."""
    row = await tx.row(f"{_SELECT} AND to_person = $2 AND expires_at > $3", tx.tenant_id, heir_id, now)
    return None if row is None else _transfer(row)


async def accept_ownership(tx: TenantTransaction, transfer_id: UUID, *, heir_id: UUID, now: datetime) -> None:
    """Make the heir the Owner, and the Owner an Administrator.

    Raises:
        RefusedError: nothing open is offered to the person `heir_id` by who is the Owner now.
    """
    await lock_members(tx, tx.tenant_id)
    offered = f"{_SELECT} AND to_person = $2 AND expires_at > $3 AND ownership_transfer.id = $4"
    row = await tx.row(offered, tx.tenant_id, heir_id, now, transfer_id)
    if row is None or await role_of(tx, heir_id) is None:
        raise refuse(OwnershipProblem.NOT_FOUND, "There is no such offer, or it is over.", "transferId")
    # One after the other: the index that allows one Owner looks at every row as it is written.
    change = "UPDATE membership SET role = $3 WHERE tenant_id = $1 AND person_id = $2"
    await tx.execute(change, tx.tenant_id, row["from_person"], TenantRole.ADMINISTRATOR)
    await tx.execute(change, tx.tenant_id, heir_id, TenantRole.OWNER)
    done = "UPDATE ownership_transfer SET accepted_at = $3 WHERE tenant_id = $1 AND id = $2"
    await tx.execute(done, tx.tenant_id, transfer_id, now)


def _transfer(row: Row) -> OwnershipTransferRow:
    return OwnershipTransferRow(row["id"], row["owner_name"], row["heir_name"], row["created_at"], row["expires_at"])
