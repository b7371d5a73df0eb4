"""Changes of plan in the schema: those that were asked for, and the one that is to come."""

from datetime import datetime
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.database.keyset import Page
from portal.plans.history import PlanChangeRow, read_pending_changes, read_plan_change, read_plan_changes
from portal.plans.plans import read_plans_by_id
from portal_schema.actors import Actor
from portal_schema.connections import After, Before, First, Last, PageInfo, paged
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.nodes import Node, from_global, to_global
from portal_schema.plans import Plan

READ = requires(Permission.PLAN_READ)


@strawberry.type(description="A change of plan, made or to come.", directives=READ)
class PlanChange(Node):
    """A change; rows of `portal.plans` become it by `of`."""

    effective_at: datetime = strawberry.field(description="From when on the tenant has the new plan.")
    requested_at: datetime = strawberry.field(description="When it was asked for.")
    requested_by: Actor = strawberry.field(description="Who asked for it.")
    canceled_at: datetime | None = strawberry.field(description="When it was taken back, if it was.")
    canceled_by: str | None = strawberry.field(description="Who took it back, by name.")
    row: strawberry.Private[PlanChangeRow]

    @classmethod
    def of(cls, row: PlanChangeRow) -> "PlanChange":
        """The change in this row."""
        return cls(
            id=to_global("PlanChange", row.id),
            effective_at=row.effective_at,
            requested_at=row.requested_at,
            requested_by=Actor(kind=row.actor_kind, name=row.actor_name),
            canceled_at=row.canceled_at,
            canceled_by=row.canceled_by_name,
            row=row,
        )

    @strawberry.field(name="from", description="The plan before; null where there was none.")
    async def from_plan(self, info: Info) -> Plan | None:
        return await _load_plan(info, self.row.from_plan_id) if self.row.from_plan_id else None

    @strawberry.field(name="to", description="The plan after.")
    async def to_plan(self, info: Info) -> Plan | None:
        return await _load_plan(info, self.row.to_plan_id)


@strawberry.type(description="A change of plan in a list.", directives=READ)
class PlanChangeEdge:
    """A change and its place."""

    cursor: str = strawberry.field(description="The change's place in the list.")
    node: PlanChange = strawberry.field(description="The change.")


@strawberry.type(description="A page of changes of plan.", directives=READ)
class PlanChangeConnection:
    """A Relay connection."""

    edges: list[PlanChangeEdge] = strawberry.field(description="The changes with their cursors.")
    nodes: list[PlanChange] = strawberry.field(description="The changes alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[PlanChangeRow]) -> "PlanChangeConnection":
        """The connection of a page that was read."""
        nodes = [PlanChange.of(row) for row in page.items]
        edges = [PlanChangeEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


async def find_change(info: Info, given: str) -> PlanChange | None:
    """The tenant's change of this global id, or None."""
    key = from_global("PlanChange", given)
    if key is None:
        return None
    async with info.context.reading() as tx:
        row = await read_plan_change(tx, key)
    return None if row is None else PlanChange.of(row)


async def find_pending_change(info: Info, tenant_id: UUID) -> PlanChange | None:
    """This tenant's change that is to come, or None: one read for all tenants that are asked for side by side."""

    async def load(tenant_ids: list[UUID]) -> list[PlanChange | None]:
        async with info.context.reading_tenants() as tx:
            rows = await read_pending_changes(tx, tenant_ids, now=info.context.now)
        return [PlanChange.of(rows[asked]) if asked in rows else None for asked in tenant_ids]

    found: PlanChange | None = await info.context.loader("pending change", load).load(tenant_id)
    return found


async def _load_plan(info: Info, plan_id: UUID) -> Plan | None:
    async def load(plan_ids: list[UUID]) -> list[Plan | None]:
        async with info.context.reading_tenants() as tx:
            rows = await read_plans_by_id(tx, plan_ids)
        return [Plan.of(rows[asked]) if asked in rows else None for asked in plan_ids]

    found: Plan | None = await info.context.loader("plan of a change", load).load(plan_id)
    return found


@strawberry.type
class PlanChangeQueries:
    """The root field that reads changes of plan."""

    @strawberry.field(
        description="The changes of the tenant's plan, the last that was asked for first.", directives=READ
    )
    async def plan_changes(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> PlanChangeConnection | None:
        tx = info.context.tx
        page = await paged(lambda request: read_plan_changes(tx, request), first, after, last, before)
        return PlanChangeConnection.of(page)
