"""Tenants in the schema: one's own, and for the ISV's staff all of them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from auth.people import TenantMembership
from auth.permissions import Permission
from portal.database.keyset import Page
from portal.tenants.tenants import (
    Environment,
    TenantRow,
    TenantState,
    read_tenants,
    read_tenants_by_id,
)
from portal.tenants.tenants import (
    TenantFilter as Only,
)
from portal_schema.alerts import READ as ALERTS
from portal_schema.alerts import AlertConnection, FilterArgument, find_alerts
from portal_schema.connections import After, Before, First, Last, PageInfo, paged
from portal_schema.context import Info
from portal_schema.economics import READ as ECONOMICS
from portal_schema.economics import RangeArgument, TenantEconomics, find_economics
from portal_schema.enums import describe
from portal_schema.guards import OfTenant, check, requires
from portal_schema.invoices import READ as INVOICES
from portal_schema.invoices import (
    Invoice,
    InvoiceConnection,
    InvoiceFilterArgument,
    InvoiceId,
    find_invoice_of,
    find_invoices,
)
from portal_schema.message_lists import MessageQueries
from portal_schema.nodes import Node, from_global, to_global
from portal_schema.plans import TenantPlan, find_tenant_plan
from portal_schema.policy import PolicyOverride, find_overrides
from portal_schema.scalars import TimeZone
from portal_schema.traffic_pauses import Released, TrafficPause, find_pauses
from portal_schema.usage import UsageInput, UsageReport, find_usage
from portal_schema.usage_syncs import UsageSync, find_syncs

ANYBODY = requires()
STAFF = requires(Permission.TENANTS_READ)

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


@strawberry.type(
    description="A customer of the company that runs this portal. A tenant's people see their own; of others they see "
    "what `memberships` tells, and the guarded fields of none but the tenant that they are in. ISV support reads "
    "the guarded fields in its support session.",
    directives=ANYBODY,
)
class Tenant(Node, OfTenant, MessageQueries):
    """A tenant; rows of `portal.tenants` and of `auth.people` become it by `of`."""

    name: str = strawberry.field(description="Its name.")
    slug: str = strawberry.field(description="Its short name for addresses.")
    environment: Environment = strawberry.field(description="Which world it lives in.")
    state: TenantState = strawberry.field(description="How far it is.")
    time_zone: TimeZone = strawberry.field(description="The zone to show times in; periods are in UTC.")
    created_at: datetime = strawberry.field(description="When it was set up.")
    key: strawberry.Private[UUID]

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
            key=row.id,
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
            key=row.tenant_id,
        )

    @strawberry.field(description="Its plan, or null before it has one.")
    async def plan(self, info: Info) -> TenantPlan | None:
        return await find_tenant_plan(info, self.key)

    @strawberry.field(description="What it used. Messages count once they are handed over, on that day in UTC.")
    async def usage(
        self,
        info: Info,
        input: Annotated[UsageInput, strawberry.argument(description="Which usage.")],
    ) -> UsageReport | None:
        return await find_usage(info, self.key, input)

    @strawberry.field(description="Its last syncs of usage, the newest first; 24 at most.")
    async def usage_syncs(self, info: Info) -> list[UsageSync] | None:
        return await find_syncs(info, self.key)

    @strawberry.field(description="What it brought in and cost in a range of days.", directives=ECONOMICS)
    async def economics(self, info: Info, range: RangeArgument) -> TenantEconomics | None:
        return await find_economics(info, self.key, range)

    @strawberry.field(description="What went wrong in it, what happened last first.", directives=ALERTS)
    async def alerts(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: FilterArgument = None,
    ) -> AlertConnection | None:
        return await find_alerts(info, self.key, filter, first, after, last, before)

    @strawberry.field(description="The exceptions from policy that were made for it, the newest first; 100 at most.")
    async def policy_overrides(self, info: Info) -> list[PolicyOverride] | None:
        return await find_overrides(info, self.key)

    @strawberry.field(description="Traffic of it that looked like fraud and was stopped, the last first; 100 at most.")
    async def traffic_pauses(self, info: Info, released: Released = None) -> list[TrafficPause] | None:
        return await find_pauses(info, self.key, released=released)

    @strawberry.field(
        description="Its invoices, those made last first; the ISV's operator sees drafts too.", directives=INVOICES
    )
    async def invoices(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: InvoiceFilterArgument = None,
    ) -> InvoiceConnection | None:
        return await find_invoices(info, self.key, filter, first, after, last, before)

    @strawberry.field(description="One of its invoices, or null where it has no such invoice.", directives=INVOICES)
    async def invoice(self, info: Info, id: InvoiceId) -> Invoice | None:
        return await find_invoice_of(info, self.key, id)


@strawberry.type(description="A tenant in a list.", directives=STAFF)
class TenantEdge:
    """A tenant and its place."""

    cursor: str = strawberry.field(description="The tenant's place in the list.")
    node: Tenant = strawberry.field(description="The tenant.")


@strawberry.type(description="A page of tenants.", directives=STAFF)
class TenantConnection:
    """A Relay connection."""

    edges: list[TenantEdge] = strawberry.field(description="The tenants with their cursors.")
    nodes: list[Tenant] = strawberry.field(description="The tenants alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[TenantRow]) -> "TenantConnection":
        """The connection of a page that was read."""
        nodes = [Tenant.of(row) for row in page.items]
        edges = [TenantEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


@strawberry.input(description="Which tenants; all conditions have to hold.")
class TenantFilter:
    """Conditions; what is left out asks for all."""

    search: str | None = strawberry.field(default=None, description="Those whose name or slug has this in it.")
    state: list[TenantState] | None = strawberry.field(default=None, description="Those in one of these states.")

    def narrowed(self) -> Only:
        """The filter as the business takes it."""
        return Only(self.search, tuple(self.state) if self.state is not None else None)


async def find_tenant(info: Info, given: str) -> Tenant | None:
    """The tenant of this global id, or None: for the ISV's staff any, for everybody else the one that they are in."""
    context = info.context
    if context.principal.is_staff:
        check(context, frozenset({Permission.TENANTS_READ}))
    key = from_global("Tenant", given)
    if key is None or not (context.principal.is_staff or key == context.tenant_id):
        return None
    return await load_tenant(info, key)


async def load_tenant(info: Info, key: UUID) -> Tenant | None:
    """A tenant that the request may see, or None: one read for all that are asked for side by side."""

    async def load(keys: list[UUID]) -> list[Tenant | None]:
        async with info.context.reading_tenants() as tx:
            rows = await read_tenants_by_id(tx, keys)
        return [Tenant.of(rows[asked]) if asked in rows else None for asked in keys]

    found: Tenant | None = await info.context.loader("tenant", load).load(key)
    return found


@strawberry.type
class TenantQueries:
    """The root fields that read tenants, for the ISV's staff."""

    @strawberry.field(description="The ISV's tenants by name.", directives=STAFF)
    async def tenants(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            TenantFilter | None, strawberry.argument(description="Which tenants; all unless given.")
        ] = None,
    ) -> TenantConnection | None:
        only = Only() if filter is None else filter.narrowed()
        async with info.context.reading_tenants() as tx:
            page = await paged(lambda request: read_tenants(tx, request, only), first, after, last, before)
        return TenantConnection.of(page)

    @strawberry.field(description="One of the ISV's tenants, or null where there is no such tenant.", directives=STAFF)
    async def tenant(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The tenant's id.")],
    ) -> Tenant | None:
        return await find_tenant(info, id)
