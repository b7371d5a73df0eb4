"""Alerts in the schema: what went wrong, grouped, and where that is told."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.alerts.catalogue import AlertKind, text_of
from portal.alerts.reading import AlertFilter as Only
from portal.alerts.reading import AlertRow, read_alerts, read_alerts_by_id, read_references
from portal.alerts.routing import AlertChannel, read_rules
from portal.alerts.routing import AlertRule as Rule
from portal.database.keyset import Page
from portal.messages.issues import IssueActor
from portal.messages.reading import MessageOwner
from portal_schema.actors import Actor
from portal_schema.connections import After, Before, First, Last, PageInfo, page_errors_told, page_request
from portal_schema.context import Info
from portal_schema.enums import describe
from portal_schema.guards import requires
from portal_schema.message_lists import MessageConnection
from portal_schema.nodes import Node, from_global, to_global

READ = requires(Permission.ALERTS_READ)

describe(
    AlertKind,
    "What an alert is about.",
    USAGE_THRESHOLD="Usage has reached a number that is watched.",
    SPEND_CAP="The spend cap of the month is reached.",
    DELIVERABILITY="Messages end badly for a reason that somebody can mend.",
    PROVIDER_ERROR="Something is wrong between the portal and the carriers.",
    REGISTRATION="A sender could not be registered with the carriers.",
    WEBHOOK_FAILING="A webhook endpoint of the tenant's own does not take its events.",
    FRAUD="Traffic that looks like fraud is stopped.",
)
describe(
    AlertChannel,
    "How a new alert is told. Every alert stands in the list, however it is told.",
    PAGE="To whoever has the page open.",
    EMAIL="By a mail to the Owner and the Administrators.",
    WEBHOOK="To the webhook endpoints that ask for ALERT_RAISED.",
)


@strawberry.type(
    description="What went wrong, once or again and again: until somebody acknowledges it, all of one kind and code "
    "is one alert with a count.",
    directives=READ,
)
class Alert(Node):
    """An alert; rows of `portal.alerts` become it by `of`."""

    kind: AlertKind = strawberry.field(description="What it is about.")
    code: str = strawberry.field(
        description="What went wrong, for machines: of DELIVERABILITY a DeliveryIssueCode, of WEBHOOK_FAILING the "
        "endpoint's id, of FRAUD a TrafficKind. More codes may come."
    )
    title: str = strawberry.field(description="What went wrong, in plain words.")
    advice: str = strawberry.field(description="What to do about it.")
    actor: IssueActor = strawberry.field(description="Who can do something about it.")
    count: int = strawberry.field(description="How often it happened.")
    first_at: datetime = strawberry.field(description="When it happened first.")
    last_at: datetime = strawberry.field(description="When it happened last.")
    acknowledged_at: datetime | None = strawberry.field(description="When it was acknowledged, if it was.")
    acknowledged_by: Actor | None = strawberry.field(description="Who acknowledged it.")
    muted_until: datetime | None = strawberry.field(
        description="Until when alerts of this kind and code are counted and not told, if they are muted."
    )
    key: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: AlertRow) -> "Alert":
        """The alert in this row."""
        text, by = text_of(row.group), row.acknowledged_by
        return cls(
            id=to_global("Alert", row.id),
            kind=row.group.kind,
            code=row.group.code,
            title=text.title,
            advice=text.advice,
            actor=text.actor,
            count=row.count,
            first_at=row.first_at,
            last_at=row.last_at,
            acknowledged_at=row.acknowledged_at,
            acknowledged_by=Actor(kind=by[0], name=by[1]) if by else None,
            muted_until=row.muted_until,
            key=row.id,
        )

    @strawberry.field(
        description="The messages that it is about, the newest first.", directives=requires(Permission.LOGS_READ)
    )
    async def messages(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> MessageConnection | None:
        return await MessageConnection.read_of(info, MessageOwner.ALERT, self.key, first, after, last, before)

    @strawberry.field(
        description="The provider's numbers of the errors behind it, for a ticket there.",
        directives=requires(Permission.SUPPORT_SESSION),
    )
    async def references(self, info: Info) -> list[str] | None:
        async def load(keys: list[UUID]) -> list[list[str]]:
            async with info.context.reading() as tx:
                found = await read_references(tx, keys)
            return [found[asked] for asked in keys]

        references: list[str] = await info.context.loader("alert references", load).load(self.key)
        return references


@strawberry.type(description="An alert in a list.", directives=READ)
class AlertEdge:
    """An alert and its place."""

    cursor: str = strawberry.field(description="The alert's place in the list.")
    node: Alert = strawberry.field(description="The alert.")


@strawberry.type(description="A page of alerts.", directives=READ)
class AlertConnection:
    """A Relay connection."""

    edges: list[AlertEdge] = strawberry.field(description="The alerts with their cursors.")
    nodes: list[Alert] = strawberry.field(description="The alerts alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[AlertRow]) -> "AlertConnection":
        """The connection of a page that was read."""
        nodes = [Alert.of(row) for row in page.items]
        edges = [AlertEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


@strawberry.input(description="Which alerts; all conditions have to hold.")
class AlertFilter:
    """Conditions; what is left out asks for all."""

    kinds: list[AlertKind] | None = strawberry.field(default=None, description="Those of one of these kinds.")
    acknowledged: bool | None = strawberry.field(
        default=None, description="Those that were acknowledged, or those that were not."
    )

    def narrowed(self) -> Only:
        """The filter as the business takes it."""
        return Only(tuple(self.kinds) if self.kinds is not None else None, self.acknowledged)


@strawberry.type(description="Where new alerts of a kind go.", directives=READ)
class AlertRule:
    """A rule of `portal.alerts` becomes it by `of`."""

    kind: AlertKind = strawberry.field(description="Which alerts.")
    channels: list[AlertChannel] = strawberry.field(
        description="How a new one is told; to the page alone unless set otherwise, and to nobody where it is empty."
    )
    thresholds: list[int] = strawberry.field(
        description="Of USAGE_THRESHOLD: percentages of the allowance to be told of besides 50, 80 and 100."
    )

    @classmethod
    def of(cls, rule: Rule) -> "AlertRule":
        """This rule."""
        return cls(kind=rule.kind, channels=list(rule.channels), thresholds=list(rule.thresholds))


FilterArgument = Annotated[AlertFilter | None, strawberry.argument(description="Which alerts; all unless given.")]


async def find_alerts(
    info: Info,
    tenant_id: UUID,
    asked: AlertFilter | None,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> AlertConnection:
    """A page of this tenant's alerts: one read for all tenants that are asked for side by side."""
    request = page_request(first, after, last, before)
    only = Only() if asked is None else asked.narrowed()

    async def load(tenant_ids: list[UUID]) -> list[AlertConnection]:
        async with info.context.reading_tenants() as tx:
            with page_errors_told():
                pages = await read_alerts(tx, tenant_ids, request, only, now=info.context.now)
        return [AlertConnection.of(pages[tenant_id]) for tenant_id in tenant_ids]

    found: AlertConnection = await info.context.loader(("alerts", request, only), load).load(tenant_id)
    return found


async def find_alert(info: Info, given: str) -> Alert | None:
    """The alert of this global id, or None."""
    key = from_global("Alert", given)
    return None if key is None else await load_alert(info, key)


async def load_alert(info: Info, key: UUID) -> Alert | None:
    """One of the tenant's alerts, or None."""
    async with info.context.reading() as tx:
        row = (await read_alerts_by_id(tx, [key], now=info.context.now)).get(key)
    return None if row is None else Alert.of(row)


@strawberry.type
class AlertQueries:
    """The root fields that read alerts."""

    @strawberry.field(description="The tenant's alerts, those that happened last first.", directives=READ)
    async def alerts(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: FilterArgument = None,
    ) -> AlertConnection | None:
        return await find_alerts(info, info.context.tx.tenant_id, filter, first, after, last, before)

    @strawberry.field(description="One alert, or null where the tenant has no such alert.", directives=READ)
    async def alert(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The alert's id.")]
    ) -> Alert | None:
        return await find_alert(info, id)

    @strawberry.field(description="Where new alerts go: the rule of every kind.", directives=READ)
    async def alert_rules(self, info: Info) -> list[AlertRule] | None:
        return [AlertRule.of(rule) for rule in await read_rules(info.context.tx)]
