"""Tenants in the schema."""

from datetime import datetime

import strawberry

from auth.people import TenantMembership
from portal.tenants.tenants import Environment, TenantRow, TenantState
from portal_schema.enums import describe
from portal_schema.guards import requires
from portal_schema.nodes import to_global
from portal_schema.scalars import TimeZone

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
