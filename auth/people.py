"""People and their memberships; the functions that take a transaction need one in the database role `auth`."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from auth.permissions import StaffRole, TenantRole
from portal.clock import new_id
from portal.database import Database, DatabaseRole, Transaction

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")
_LONGEST_EMAIL = 254  # RFC 5321, 4.5.3.1.3
_MEMBERSHIPS = (
    "SELECT tenant.id AS tenant_id, name, slug, environment, state, time_zone, tenant.created_at, role "
    "FROM membership JOIN tenant ON tenant.id = membership.tenant_id "
    "WHERE person_id = $1 AND state <> 'CLOSED' ORDER BY name, tenant.id"
)


class EmailTakenError(Exception):
    """Somebody has this e-mail address already."""


class MembershipTakenError(Exception):
    """This person is a member of the tenant already, or the tenant has its one Owner."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody who signs in, as far as others see it."""

    id: UUID
    name: str
    email: str
    locale: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class TenantMembership:
    """One tenant of a person, and what the person is in it."""

    tenant_id: UUID
    name: str
    slug: str
    environment: str
    state: str
    time_zone: str
    created_at: datetime
    role: TenantRole


def normal_email(email: str) -> str:
    """The one spelling under which an address is stored and found.

    Raises:
        ValueError: it is no e-mail address.
    """
    email = email.strip().lower()
    if len(email) > _LONGEST_EMAIL or not _EMAIL.fullmatch(email):
        raise ValueError("this is no e-mail address")
    return email


async def create_person(
    tx: Transaction,
    at: datetime,
    *,
    email: str,
    name: str,
    password_hash: str | None,
    staff_role: StaffRole | None = None,
    time_zone: str = "UTC",
    email_verified_at: datetime | None = None,
) -> UUID:
    """Make an account; without a password nobody signs in to it here.

    Raises:
        EmailTakenError: the address has an account.
    """
    person_id: UUID | None = await tx.value(
        "INSERT INTO person (id, email, name, password_hash, staff_role, time_zone, created_at, email_verified_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (email) DO NOTHING RETURNING id",
        new_id(at),
        normal_email(email),
        name,
        password_hash,
        staff_role,
        time_zone,
        at,
        email_verified_at,
    )
    if person_id is None:
        raise EmailTakenError
    return person_id


async def add_member(tx: Transaction, at: datetime, *, tenant_id: UUID, person_id: UUID, role: TenantRole) -> UUID:
    """Give a person a role in a tenant.

    Raises:
        MembershipTakenError: the person is a member already, or there is an Owner already.
    """
    membership_id: UUID | None = await tx.value(
        "INSERT INTO membership (tenant_id, id, person_id, role, created_at) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT DO NOTHING RETURNING id",
        tenant_id,
        new_id(at),
        person_id,
        role,
        at,
    )
    if membership_id is None:
        raise MembershipTakenError
    return membership_id


async def memberships_of(
    database: Database, person_id: UUID, *, within: Transaction | None = None
) -> list[TenantMembership]:
    """The tenants of a person that are not closed, by name; whoever has a transaction open reads them `within` it."""
    if within is not None:
        rows = await within.rows_as(DatabaseRole.AUTH, _MEMBERSHIPS, person_id)
    else:
        async with database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
            rows = await tx.rows(_MEMBERSHIPS, person_id)
    return [TenantMembership(**{**row, "role": TenantRole(row["role"])}) for row in rows]


@dataclass(frozen=True, slots=True)
class PersonTraces:
    """The rows of a tenant that stand for one person."""

    memberships: list[UUID]
    invitations: list[UUID]


async def traces_of(tx: Transaction, tenant_id: UUID, person_id: UUID) -> PersonTraces:
    """What there is of a person in a tenant, as long as it is there; database role `auth`."""
    membership = "SELECT id FROM membership WHERE tenant_id = $1 AND person_id = $2"
    invitation = (
        "SELECT invitation.id FROM invitation JOIN person ON lower(person.email) = invitation.email "
        "WHERE invitation.tenant_id = $1 AND person.id = $2"
    )
    return PersonTraces(
        memberships=[row["id"] for row in await tx.rows(membership, tenant_id, person_id)],
        invitations=[row["id"] for row in await tx.rows(invitation, tenant_id, person_id)],
    )
