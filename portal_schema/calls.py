"""Calls in the schema."""

from datetime import datetime
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.calls.provider import CallDirection
from portal.calls.reading import CallFilter as Only
from portal.calls.reading import CallRow, read_calls, read_calls_by_id
from portal.calls.status import CallIssueCode, CallStatus, started_minutes
from portal.database.keyset import Page
from portal_schema.connections import After, Before, First, Last, PageInfo, paged
from portal_schema.context import Info
from portal_schema.delivery import LOGS, MessageDirection, Recipient, Sender
from portal_schema.enums import describe
from portal_schema.guards import requires
from portal_schema.nodes import Node, from_global, to_global
from portal_schema.ranges import DateTimeRange
from portal_schema.scalars import CountryCode, PhoneNumber

describe(
    CallIssueCode,
    "Why a call was not made, or not forwarded.",
    OPTED_OUT="The person asked not to hear from the tenant after the call was accepted.",
    COUNTRY_NOT_IN_PLAN="The plan does not reach the country of the number to forward to.",
    PAUSED="Calls there are paused, since they look like fraud.",
    SPEND_CAP_REACHED="It would have gone over the spend cap of the month.",
    NO_PLAN="The tenant has no plan, or is stopped.",
    PROVIDER_REFUSED="The carriers' side refused it.",
    UNCONFIRMED="Nobody can say whether it was made; it is not made again.",
    EXPIRED="It waited too long to be made.",
)


@strawberry.type(description="A call, from the dialing to its end.", directives=LOGS)
class Call(Node):
    """A call; rows of `portal.calls` become it by `of`."""

    direction: MessageDirection = strawberry.field(description="Which way it goes.")
    status: CallStatus = strawberry.field(description="Where it stands; once it has ended it never goes back.")
    status_at: datetime = strawberry.field(description="Since when it stands there.")
    created_at: datetime = strawberry.field(description="When the portal first heard of it.")
    started_at: datetime | None = strawberry.field(description="When it was answered; null if it was not.")
    duration_seconds: int | None = strawberry.field(description="How long it took; null until it has ended.")
    minutes: int | None = strawberry.field(description="The minutes that it began, which is what counts as usage.")
    sender: Sender = strawberry.field(description="Who calls.")
    recipient: Recipient = strawberry.field(description="Who is called.")
    issue: CallIssueCode | None = strawberry.field(
        description="Why it was not made, or not forwarded; null where nothing kept it."
    )
    announcement: str | None = strawberry.field(
        description="What it says; null where it says nothing.", directives=requires(Permission.MESSAGES_READ)
    )
    provider_reference: str | None = strawberry.field(
        description="Its name at the provider, for a ticket there.", directives=requires(Permission.SUPPORT_SESSION)
    )

    @classmethod
    def of(cls, row: CallRow) -> "Call":
        """The call in this row."""
        return cls(
            id=to_global("Call", row.id),
            direction=MessageDirection[row.direction],
            status=row.status,
            status_at=row.status_at,
            created_at=row.created_at,
            started_at=row.started_at,
            duration_seconds=row.duration_seconds,
            minutes=None if row.duration_seconds is None else started_minutes(row.duration_seconds),
            sender=Sender(
                masked_number=row.sender_masked, number=PhoneNumber(row.sender_number) if row.sender_number else None
            ),
            recipient=Recipient(
                masked_number=row.recipient_masked,
                number=PhoneNumber(row.recipient_number) if row.recipient_number else None,
                country=CountryCode(row.recipient_country) if row.recipient_country else None,
            ),
            issue=row.issue,
            announcement=row.announcement,
            provider_reference=row.provider_reference,
        )


@strawberry.type(description="A call in a list.", directives=LOGS)
class CallEdge:
    """A call and its place."""

    cursor: str = strawberry.field(description="The call's place in the list.")
    node: Call = strawberry.field(description="The call.")


@strawberry.type(description="A page of calls.", directives=LOGS)
class CallConnection:
    """A Relay connection."""

    edges: list[CallEdge] = strawberry.field(description="The calls with their cursors.")
    nodes: list[Call] = strawberry.field(description="The calls alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[CallRow]) -> "CallConnection":
        """The connection of a page that was read."""
        nodes = [Call.of(row) for row in page.items]
        edges = [CallEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


@strawberry.input(description="Which calls; all conditions have to hold.")
class CallFilter:
    """Conditions; what is left out asks for all."""

    status: list[CallStatus] | None = strawberry.field(default=None, description="Those in one of these statuses.")
    direction: MessageDirection | None = strawberry.field(default=None, description="Those that go this way.")
    created_in: DateTimeRange | None = strawberry.field(default=None, description="Those first heard of in this range.")

    def narrowed(self) -> Only:
        """The filter as the business takes it."""
        span = self.created_in
        return Only(
            statuses=tuple(self.status) if self.status is not None else None,
            direction=CallDirection[self.direction.name] if self.direction is not None else None,
            created_from=span.from_ if span else None,
            created_until=span.until if span else None,
        )


async def find_call(info: Info, given: str) -> Call | None:
    """The call of this global id, or None."""
    key = from_global("Call", given)
    if key is None:
        return None
    async with info.context.reading() as tx:
        row = (await read_calls_by_id(tx, [key])).get(key)
    return None if row is None else Call.of(row)


@strawberry.type
class CallQueries:
    """The root field that reads calls."""

    @strawberry.field(description="The tenant's calls, the newest first.", directives=LOGS)
    async def calls(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[CallFilter | None, strawberry.argument(description="Which calls; all unless given.")] = None,
    ) -> CallConnection | None:
        only = Only() if filter is None else filter.narrowed()
        page = await paged(lambda request: read_calls(info.context.tx, request, only), first, after, last, before)
        return CallConnection.of(page)
