"""Who asks: the principal, its tenant, its permissions."""

from datetime import datetime
from typing import Annotated

import strawberry

from auth.people import TenantMembership, memberships_of
from auth.permissions import Permission, TenantRole
from auth.principal import PrincipalKind
from portal.tenants.tenants import Environment, TenantRow, TenantState, read_own_tenant
from portal_schema.context import Info
from portal_schema.enums import describe
from portal_schema.guards import requires
from portal_schema.nodes import to_global
from portal_schema.scalars import EmailAddress, Locale, TimeZone

ANYBODY = requires()

describe(
    Environment,
    "Which world a tenant lives in.",
    DEVELOPMENT="For trying things out.",
    PRODUCTION="For real.",
)
describe(
    TenantState,
    "How far a tenant is.",
    ONBOARDING="It is being set up.",
    ACTIVE="It works.",
    SUSPENDED="Sending is stopped for now.",
    CLOSED="It is gone for good.",
)


@strawberry.type(description="A customer of the company that runs this portal.", directives=ANYBODY)
class Tenant:
    """A tenant, as its own people see it."""

    id: strawberry.ID = strawberry.field(description="The tenant's id.")
    name: str = strawberry.field(description="Its name.")
    slug: str = strawberry.field(description="Its short name for addresses.")
    environment: Environment = strawberry.field(description="Which world it lives in.")
    state: TenantState = strawberry.field(description="How far it is.")
    time_zone: TimeZone = strawberry.field(description="The zone to show times in; periods are in UTC.")
    created_at: datetime = strawberry.field(description="When it was set up.")

    @classmethod
    def of(cls, row: TenantRow) -> "Tenant":
        """The tenant in this row."""
        return cls(
            id=to_global("Tenant", row.id),
            name=row.name,
            slug=row.slug,
            environment=row.environment,
            state=row.state,
            time_zone=TimeZone(row.time_zone),
            created_at=row.created_at,
        )

    @classmethod
    def of_membership(cls, row: TenantMembership) -> "Tenant":
        """The tenant of this membership."""
        return cls(
            id=to_global("Tenant", row.tenant_id),
            name=row.name,
            slug=row.slug,
            environment=Environment(row.environment),
            state=TenantState(row.state),
            time_zone=TimeZone(row.time_zone),
            created_at=row.created_at,
        )


@strawberry.type(description="Somebody who signs in.", directives=ANYBODY)
class Person:
    """A person."""

    id: strawberry.ID = strawberry.field(description="The person's id.")
    name: str = strawberry.field(description="The person's name.")
    email: EmailAddress = strawberry.field(description="The address that the person signs in with.")
    locale: Locale = strawberry.field(description="The language that the person reads.")
    time_zone: TimeZone = strawberry.field(description="The zone that the person lives in.")


@strawberry.type(description="A machine that calls this API.", directives=ANYBODY)
class ApiClient:
    """An API client."""

    id: strawberry.ID = strawberry.field(description="The client's id here.")
    name: str = strawberry.field(description="The client's name.")
    client_id: str = strawberry.field(description="The client's name at the token endpoint.")


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
        return Person(
            id=to_global("Person", who.id),
            name=who.name,
            email=EmailAddress(who.email or ""),
            locale=Locale(who.locale),
            time_zone=TimeZone(who.time_zone),
        )

    @strawberry.field(description="The tenant that this request is made in; null for the ISV's own staff.")
    async def tenant(self, info: Info) -> Tenant | None:
        if info.context.principal.tenant_id is None:
            return None
        row = await read_own_tenant(info.context.tx)
        return None if row is None else Tenant.of(row)

    @strawberry.field(description="The person's tenants; none for a machine.")
    async def memberships(self, info: Info) -> list[Membership]:
        who = info.context.principal
        if who.kind is not PrincipalKind.MEMBER:
            return []
        return [
            Membership(tenant=Tenant.of_membership(row), role=row.role, current=row.tenant_id == who.tenant_id)
            for row in await memberships_of(info.context.database, who.id)
        ]

    @strawberry.field(description="What this request may do: its token, role and client allow it, all three.")
    async def permissions(self, info: Info) -> list[Permission]:
        return [permission for permission in Permission if permission in info.context.permissions]


@strawberry.type
class ViewerQueries:
    """The root field that tells who asks."""

    @strawberry.field(description="Who makes this request, and what they may do.", directives=ANYBODY)
    async def viewer(self) -> Viewer:
        return Viewer()
