"""Discrepancies in the schema: where the carriers' records and the portal's differ. For the ISV's operator alone."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.database.keyset import Page
from portal.reconciliation.discrepancies import DiscrepancyFilter as Only
from portal.reconciliation.discrepancies import DiscrepancyRow, close, find_discrepancy, read_discrepancies
from portal.reconciliation.rules import DiscrepancyReason
from portal.usage.periods import Days
from portal_schema.connections import After, Before, First, Last, PageInfo, paged
from portal_schema.context import Info
from portal_schema.enums import describe
from portal_schema.guards import APART, requires
from portal_schema.money import Money
from portal_schema.nodes import Node, key_of, to_global
from portal_schema.payloads import UserError
from portal_schema.ranges import DateRange
from portal_schema.tenants import Tenant, load_tenant

READ = requires(Permission.ECONOMICS_READ)
WRITE = requires(Permission.CATALOGUE_WRITE, Permission.ECONOMICS_READ)

describe(
    DiscrepancyReason,
    "Why the carriers' records and the portal's differ.",
    LATE="The carriers' count of the day is not settled yet: the day is looked at again with the next one.",
    ROUNDING="The counts agree, and the amounts differ by what rounding each price may come to.",
    COUNTED_OTHERWISE="The counts agree once both are of the same thing: messages and segments, or calls and their "
    "legs.",
    PROCESSING_FEE="The carriers count messages that failed as fees, and the portal as sent.",
    PRICED_OTHERWISE="The counts agree, and the price is another than that of the rate card, which may be out of date.",
    UNKNOWN="Nobody knows. While it is open, it holds the tenant's invoice of the month back.",
)


@strawberry.type(
    description="A category of a tenant's day of which the carriers' records and the portal's differ by more than is "
    "tolerated. The tenant never sees it.",
    directives=READ,
)
class Discrepancy(Node):
    """A discrepancy; rows of `portal.reconciliation` become it by `of`."""

    day: date = strawberry.field(description="The day, in UTC.")
    category: str = strawberry.field(description="The category, as in `UsageReport.categories`.")
    ours: Decimal = strawberry.field(description="What the portal counted, with what was corrected: messages or calls.")
    theirs: Decimal = strawberry.field(description="What the carriers counted.")
    our_cost: Money | None = strawberry.field(
        description="What it comes to by the rate card; null where the portal keeps no cost of the category."
    )
    their_cost: Money = strawberry.field(description="What the carriers ask for.")
    difference: Money | None = strawberry.field(description="theirCost - ourCost; null where there is no ourCost.")
    reason: DiscrepancyReason = strawberry.field(description="Why they differ.")
    found_at: datetime = strawberry.field(description="When it was found first.")
    seen_at: datetime = strawberry.field(description="When it was looked at last.")
    closed_at: datetime | None = strawberry.field(description="When it was closed; null while it is open.")
    closed_by: str | None = strawberry.field(
        description="The name of who closed it last; null before, and where the portal did."
    )
    note: str | None = strawberry.field(description="What was noted when it was closed last.")
    tenant_key: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: DiscrepancyRow) -> "Discrepancy":
        """The discrepancy in this row."""
        return cls(
            id=to_global("Discrepancy", row.id),
            day=row.day,
            category=row.category,
            ours=row.ours,
            theirs=row.theirs,
            our_cost=None if row.our_cost is None else Money.of(row.our_cost),
            their_cost=Money.of(row.their_cost),
            difference=None if row.difference is None else Money.of(row.difference),
            reason=row.reason,
            found_at=row.found_at,
            seen_at=row.seen_at,
            closed_at=row.closed_at,
            closed_by=row.closed_by,
            note=row.note,
            tenant_key=row.tenant_id,
        )

    @strawberry.field(description="Whose day it is.")
    async def tenant(self, info: Info) -> Tenant | None:
        return await load_tenant(info, self.tenant_key)


@strawberry.type(description="A discrepancy in a list.", directives=READ)
class DiscrepancyEdge:
    """A discrepancy and its place."""

    cursor: str = strawberry.field(description="The discrepancy's place in the list.")
    node: Discrepancy = strawberry.field(description="The discrepancy.")


@strawberry.type(description="A page of discrepancies.", directives=READ)
class DiscrepancyConnection:
    """A Relay connection."""

    edges: list[DiscrepancyEdge] = strawberry.field(description="The discrepancies with their cursors.")
    nodes: list[Discrepancy] = strawberry.field(description="The discrepancies alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[DiscrepancyRow]) -> "DiscrepancyConnection":
        """The connection of a page that was read."""
        nodes = [Discrepancy.of(row) for row in page.items]
        edges = [DiscrepancyEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


@strawberry.input(description="Which discrepancies; all conditions hold together.")
class DiscrepancyFilter:
    """Conditions; what is left out asks for all."""

    tenant_id: strawberry.ID | None = strawberry.field(default=None, description="Those of this tenant.")
    reasons: list[DiscrepancyReason] | None = strawberry.field(
        default=None, description="Those with one of these reasons."
    )
    closed: bool | None = strawberry.field(default=None, description="Those that are closed, or those that are open.")
    range: DateRange | None = strawberry.field(default=None, description="Those of these days.")

    def narrowed(self) -> Only:
        """The filter as the business takes it."""
        if self.range is not None:
            self.range.check("filter", "range")
        return Only(
            None if self.tenant_id is None else key_of("Tenant", self.tenant_id),
            None if self.reasons is None else tuple(self.reasons),
            self.closed,
            None if self.range is None else Days(self.range.from_, self.range.until),
        )


@strawberry.enum(description="Why a discrepancy was not closed.")
class DiscrepancyCloseErrorCode(Enum):
    """The problems that `discrepancyClose` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such discrepancy.")
    INVALID = strawberry.enum_value("INVALID", description="The note is empty, too long or not in one line.")
    CLOSED = strawberry.enum_value("CLOSED", description="It was closed with another note.")


@strawberry.type(description="Why a discrepancy was not closed.", directives=WRITE)
class DiscrepancyCloseUserError(UserError):
    """One problem."""

    code: DiscrepancyCloseErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `discrepancyClose`.", directives=WRITE)
class DiscrepancyClosePayload:
    """The discrepancy, or errors."""

    errors: list[DiscrepancyCloseUserError] = strawberry.field(description="What is wrong; empty on success.")
    discrepancy: Discrepancy | None = strawberry.field(default=None, description="The discrepancy, closed.")


async def find_discrepancy_node(info: Info, given: str) -> Discrepancy | None:
    """The discrepancy of this global id, or None."""
    async with info.context.reading_tenants() as tx:
        row = await find_discrepancy(tx, key_of("Discrepancy", given))
    return None if row is None else Discrepancy.of(row)


@strawberry.type
class DiscrepancyQueries:
    """The root field that reads discrepancies, for the ISV's operator."""

    @strawberry.field(
        description="Where the carriers' records and the portal's differ, over all tenants; those found last first.",
        directives=READ,
    )
    async def discrepancies(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[DiscrepancyFilter | None, strawberry.argument(description="Which discrepancies.")] = None,
    ) -> DiscrepancyConnection | None:
        only = Only() if filter is None else filter.narrowed()
        async with info.context.reading_tenants() as tx:
            page = await paged(lambda request: read_discrepancies(tx, request, only), first, after, last, before)
        return DiscrepancyConnection.of(page)


@strawberry.type
class DiscrepancyMutations:
    """The root field that closes a discrepancy."""

    @strawberry.mutation(
        description="Close a discrepancy that is cleared up; it holds no invoice any more. It stays closed unless its "
        "figures change. It concerns the ISV alone: it stands in the discrepancy itself, and in no tenant's log.",
        directives=WRITE,
        metadata={APART: True},
    )
    async def discrepancy_close(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The discrepancy's id.")],
        note: Annotated[
            str, strawberry.argument(description="What it came from, 1 to 500 characters. The tenant never reads it.")
        ],
    ) -> DiscrepancyClosePayload | None:
        context = info.context
        async with context.operating() as tx:
            row = await close(tx, key_of("Discrepancy", id), note, context.principal.actor.name, now=context.now)
        return DiscrepancyClosePayload(discrepancy=Discrepancy.of(row), errors=[])
