"""Accepting an invitation: outside of any tenant, by who holds the mailed token and has the address it was sent to."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from auth.invitations import OPEN
from auth.members import lock_members
from auth.people import EmailTakenError, MembershipTakenError, add_member, create_person
from auth.permissions import TenantRole
from auth.principal import Principal, PrincipalKind
from auth.random_secrets import hash_of
from portal.actor import Actor, ActorKind
from portal.audit.entries import AuditEvent, Origin, write_entry
from portal.clock import Clock
from portal.database import Database, DatabaseRole, Transaction
from portal.problems import RefusedError, refuse

ACTION = "invitationAccept"
_TOKEN = re.compile(r"([0-9a-f]{32})\.([A-Za-z0-9_-]{43})")
_VALID = (
    f"{OPEN} AND invitation.tenant_id = $1 AND secret_hash = $2 AND expires_at > $3 "
    "AND tenant.id = invitation.tenant_id AND tenant.state <> 'CLOSED'"
)
_FIND = (
    "SELECT invitation.tenant_id, tenant.name AS tenant_name, invitation.email, role, expires_at, "  # noqa: S608  constants
    "inviter.name AS inviter_name, EXISTS (SELECT FROM person WHERE person.email = invitation.email) AS has_account "
    f"FROM tenant, invitation JOIN person AS inviter ON inviter.id = invited_by WHERE {_VALID}"
)
_CLAIM = f"UPDATE invitation SET accepted_at = $3 FROM tenant WHERE {_VALID} AND email = $4 RETURNING role"  # noqa: S608  constants


class InvitedProblem(StrEnum):
    """Why an invitation is not accepted: one answer for all that may be wrong with it."""

    INVALID_INVITATION = "INVALID_INVITATION"


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """What the page shows to who holds the token."""

    tenant_id: UUID
    tenant_name: str
    email: str
    role: TenantRole
    expires_at: datetime
    inviter_name: str
    has_account: bool


class Invited:
    """What people do who hold an invitation's token, before they belong to its tenant."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, token: str) -> OpenInvitation | None:
        """The invitation that can be accepted with this token."""
        found = _TOKEN.fullmatch(token)
        if found is None:
            return None
        async with self._database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
            row = await tx.row(_FIND, UUID(found[1]), hash_of(found[2]), self._clock.now())
        return None if row is None else OpenInvitation(**{**row, "role": TenantRole(row["role"])})

    async def accept(self, token: str, principal: Principal, origin: Origin) -> UUID:
        """As `accept_invitation`, now."""
        return await accept_invitation(self._database, token, principal, origin, now=self._clock.now())

    async def accept_with_new_account(
        self, token: str, *, name: str, password_hash: str, request_id: str, address: str | None
    ) -> UUID:
        """Make an account for the invited address, which the token proves, and the person a member; the person's id.

        Raises:
            RefusedError: as `accept_invitation`, or the address has an account.
        """
        invitation = await self.find(token)
        if invitation is None:
            raise _invalid()
        now = self._clock.now()
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            try:
                person_id = await create_person(
                    tx, now, email=invitation.email, name=name, password_hash=password_hash, email_verified_at=now
                )
            except EmailTakenError:
                raise _invalid() from None
            origin = Origin(Actor(ActorKind.MEMBER, person_id, name), request_id, address)
            await _join(tx, token, person_id, invitation.email, origin, now)
        return person_id


async def accept_invitation(
    database: Database, token: str, principal: Principal, origin: Origin, *, now: datetime
) -> UUID:
    """Make the person a member, whose address the invitation was sent to; the tenant's id.

    Raises:
        RefusedError: the token is unknown, another's, used or expired, all answered alike.
    """
    if principal.kind is not PrincipalKind.MEMBER or principal.email is None:
        raise _invalid()
    async with database.as_role(DatabaseRole.AUTH) as tx:
        return await _join(tx, token, principal.id, principal.email, origin, now)


async def _join(tx: Transaction, token: str, person_id: UUID, email: str, origin: Origin, now: datetime) -> UUID:
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise _invalid()
    tenant_id = UUID(found[1])
    await lock_members(tx, tenant_id)
    claimed = await tx.value(_CLAIM, tenant_id, hash_of(found[2]), now, email)
    if claimed is None:
        raise _invalid()
    role = TenantRole(claimed)
    try:
        await add_member(tx, now, tenant_id=tenant_id, person_id=person_id, role=role)
    except MembershipTakenError:
        raise _invalid() from None
    await write_entry(tx, tenant_id, origin, AuditEvent(ACTION, changes={"role": role.value}), at=now)
    return tenant_id


def _invalid() -> RefusedError:
    message = "This invitation is not valid for you, or not any more: ask for a new one."
    return refuse(InvitedProblem.INVALID_INVITATION, message, "token")
