"""Who asks: the principal, its tenant, its permissions."""

from typing import Annotated

import strawberry

from auth.ownership import find_offer
from auth.people import PersonRow, memberships_of
from auth.permissions import Permission, TenantRole
from auth.principal import PrincipalKind
from portal.tenants.tenants import read_own_tenant
from portal_schema.api_clients import ApiClient
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.nodes import to_global
from portal_schema.ownership import OwnershipTransfer
from portal_schema.people import Person
from portal_schema.support_sessions import SupportSession
from portal_schema.tenants import Tenant

ANYBODY = requires()

Principal = Annotated[Person | ApiClient, strawberry.union("Principal", description="Who makes a request.")]


@strawberry.type(description="What a person is in a tenant.", directives=ANYBODY)
class Membership:
    """A person's place in one tenant."""

    tenant: Tenant = strawberry.field(description="The tenant.")
    role: TenantRole = strawberry.field(description="The person's role in it.")
    current: bool = strawberry.field(description="Whether this request is made in it.")


@strawberry.type(description="Who makes this request, and what they may do.", directives=ANYBODY)
class Viewer:
    """The principal of the request."""

    @strawberry.field(description="The person or machine.")
    async def principal(self, info: Info) -> Principal:
        who = info.context.principal
        if who.kind is PrincipalKind.API_CLIENT:
            return ApiClient(id=to_global("ApiClient", who.id), name=who.name, client_id=who.client_id or "")
        return Person.of(PersonRow(who.id, who.name, who.email or "", who.locale, who.time_zone))

    @strawberry.field(description="The tenant that this request is made in; null for the ISV's own staff.")
    async def tenant(self, info: Info) -> Tenant | None:
        if info.context.principal.tenant_id is None:
            return None
        row = await read_own_tenant(info.context.tx)
        return None if row is None else Tenant.of(row)

    @strawberry.field(
        description="The person's tenants; none for a machine, and for an application the one that it was let into."
    )
    async def memberships(self, info: Info) -> list[Membership]:
        who = info.context.principal
        if who.kind is not PrincipalKind.MEMBER:
            return []
        rows = await memberships_of(info.context.database, who.id, within=info.context.transaction)
        return [
            Membership(tenant=Tenant.of_membership(row), role=row.role, current=row.tenant_id == who.tenant_id)
            for row in rows
            if who.application is None or row.tenant_id == who.tenant_id
        ]

    @strawberry.field(
        description="The Owner's offer to hand the tenant over to this person, which `ownershipAccept` accepts."
    )
    async def ownership_offer(self, info: Info) -> OwnershipTransfer | None:
        who = info.context.principal
        if who.kind is not PrincipalKind.MEMBER or who.tenant_id is None:
            return None
        async with info.context.reading() as tx:
            row = await find_offer(tx, who.id, now=info.context.now)
        return None if row is None else OwnershipTransfer.of(row)

    @strawberry.field(description="The support session that the request is made in: for ISV support its open one.")
    async def support_session(self, info: Info) -> SupportSession | None:
        opened = info.context.support_session
        return None if opened is None else SupportSession.of(opened.row)

    @strawberry.field(description="What this request may do: its token, role and client allow it, all three.")
    async def permissions(self, info: Info) -> list[Permission]:
        return [permission for permission in Permission if permission in info.context.permissions]


@strawberry.type
class ViewerQueries:
    """The root field that tells who asks."""

    @strawberry.field(description="Who makes this request, and what they may do.", directives=ANYBODY)
    async def viewer(self) -> Viewer:
        return Viewer()
