"""Margin alerts in the schema: months in which a tenant's margin was not its plan's. For the ISV's operator alone."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.database.keyset import Page
from portal.reconciliation.margin_alerts import MarginAlertFilter as Only
from portal.reconciliation.margin_alerts import (
    MarginAlertReason,
    MarginAlertRow,
    acknowledge,
    find_margin_alert,
    read_margin_alerts,
)
from portal_schema.connections import After, Before, First, Last, PageInfo, paged
from portal_schema.context import Info
from portal_schema.enums import describe
from portal_schema.guards import APART, requires
from portal_schema.nodes import Node, key_of, to_global
from portal_schema.payloads import UserError
from portal_schema.scalars import CalendarMonth
from portal_schema.tenants import Tenant, load_tenant

READ = requires(Permission.ECONOMICS_READ)
WRITE = requires(Permission.CATALOGUE_WRITE, Permission.ECONOMICS_READ)

describe(
    MarginAlertReason,
    "What is wrong with the margin of a tenant's month.",
    NEGATIVE="It costs more than it brings in.",
    BELOW_PLAN="Its plan prices by the cost, and promises more than came in.",
)


@strawberry.type(
    description="A tenant's month with a wrong margin: raised once a month, and told to the ISV's operators by mail. "
    "The tenant never sees it.",
    directives=READ,
)
class MarginAlert(Node):
    """A margin alert; rows of `portal.reconciliation` become it by `of`."""

    month: CalendarMonth = strawberry.field(description="The month, in UTC.")
    expected_ratio: Decimal = strawberry.field(
        description="The gross margin that the plan promises / revenue: of a plan that prices by the cost the lowest "
        "of its margins, of every other nothing. 0.03 is 3 percent."
    )
    actual_ratio: Decimal = strawberry.field(
        description="grossMargin / revenue when it was raised, to four decimals; -1 where there was no revenue."
    )
    reason: MarginAlertReason = strawberry.field(description="What is wrong.")
    raised_at: datetime = strawberry.field(description="When it was raised.")
    acknowledged_at: datetime | None = strawberry.field(description="When somebody took note of it, if anybody did.")
    acknowledged_by: str | None = strawberry.field(description="The name of who took note of it first.")
    tenant_key: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: MarginAlertRow) -> "MarginAlert":
        """The margin alert in this row."""
        return cls(
            id=to_global("MarginAlert", row.id),
            month=CalendarMonth(row.month),
            expected_ratio=row.expected_ratio,
            actual_ratio=row.actual_ratio,
            reason=row.reason,
            raised_at=row.raised_at,
            acknowledged_at=row.acknowledged_at,
            acknowledged_by=row.acknowledged_by,
            tenant_key=row.tenant_id,
        )

    @strawberry.field(description="Whose month it is.")
    async def tenant(self, info: Info) -> Tenant | None:
        return await load_tenant(info, self.tenant_key)


@strawberry.type(description="A margin alert in a list.", directives=READ)
class MarginAlertEdge:
    """A margin alert and its place."""

    cursor: str = strawberry.field(description="The margin alert's place in the list.")
    node: MarginAlert = strawberry.field(description="The margin alert.")


@strawberry.type(description="A page of margin alerts.", directives=READ)
class MarginAlertConnection:
    """A Relay connection."""

    edges: list[MarginAlertEdge] = strawberry.field(description="The margin alerts with their cursors.")
    nodes: list[MarginAlert] = strawberry.field(description="The margin alerts alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[MarginAlertRow]) -> "MarginAlertConnection":
        """The connection of a page that was read."""
        nodes = [MarginAlert.of(row) for row in page.items]
        edges = [MarginAlertEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


@strawberry.input(description="Which margin alerts; all conditions hold together.")
class MarginAlertFilter:
    """Conditions; what is left out asks for all."""

    tenant_id: strawberry.ID | None = strawberry.field(default=None, description="Those of this tenant.")
    acknowledged: bool | None = strawberry.field(
        default=None, description="Those that somebody took note of, or those that nobody did."
    )

    def narrowed(self) -> Only:
        """The filter as the business takes it."""
        return Only(None if self.tenant_id is None else key_of("Tenant", self.tenant_id), self.acknowledged)


@strawberry.enum(description="Why a margin alert was not acknowledged.")
class MarginAlertAcknowledgeErrorCode(Enum):
    """The problems that `marginAlertAcknowledge` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such margin alert.")


@strawberry.type(description="Why a margin alert was not acknowledged.", directives=WRITE)
class MarginAlertAcknowledgeUserError(UserError):
    """One problem."""

    code: MarginAlertAcknowledgeErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `marginAlertAcknowledge`.", directives=WRITE)
class MarginAlertAcknowledgePayload:
    """The margin alert, or errors."""

    errors: list[MarginAlertAcknowledgeUserError] = strawberry.field(description="What is wrong; empty on success.")
    margin_alert: MarginAlert | None = strawberry.field(default=None, description="The margin alert.")


async def find_margin_alert_node(info: Info, given: str) -> MarginAlert | None:
    """The margin alert of this global id, or None."""
    async with info.context.reading_tenants() as tx:
        row = await find_margin_alert(tx, key_of("MarginAlert", given))
    return None if row is None else MarginAlert.of(row)


@strawberry.type
class MarginAlertQueries:
    """The root field that reads margin alerts, for the ISV's operator."""

    @strawberry.field(
        description="Months in which a tenant's margin was wrong, over all tenants; those raised last first.",
        directives=READ,
    )
    async def margin_alerts(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[MarginAlertFilter | None, strawberry.argument(description="Which margin alerts.")] = None,
    ) -> MarginAlertConnection | None:
        only = Only() if filter is None else filter.narrowed()
        async with info.context.reading_tenants() as tx:
            page = await paged(lambda request: read_margin_alerts(tx, request, only), first, after, last, before)
        return MarginAlertConnection.of(page)


@strawberry.type
class MarginAlertMutations:
    """The root field that takes note of a margin alert."""

    @strawberry.mutation(
        description="Take note of a margin alert; one that somebody took note of stays as it is. It concerns the ISV "
        "alone: it stands in the margin alert itself, and in no tenant's log.",
        directives=WRITE,
        metadata={APART: True},
    )
    async def margin_alert_acknowledge(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The margin alert's id.")]
    ) -> MarginAlertAcknowledgePayload | None:
        context = info.context
        async with context.operating() as tx:
            row = await acknowledge(tx, key_of("MarginAlert", id), context.principal.actor.name, now=context.now)
        return MarginAlertAcknowledgePayload(margin_alert=MarginAlert.of(row), errors=[])
