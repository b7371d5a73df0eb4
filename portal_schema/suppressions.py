"""The list of numbers that get no messages, in the schema."""

from datetime import datetime
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.contacts.suppressions import SuppressionFilter as Only
from portal.contacts.suppressions import (
    SuppressionRow,
    SuppressionSource,
    read_suppressions,
    read_suppressions_by_id,
)
from portal.database.keyset import Page
from portal_schema.connections import After, Before, First, Last, PageInfo, paged
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.nodes import Node, from_global, to_global
from portal_schema.ranges import DateTimeRange

READ = requires(Permission.CONTACTS_READ)


@strawberry.type(
    description="A person's wish to get no messages. Only the person takes it back, by answering START.",
    directives=READ,
)
class Suppression(Node):
    """Why and since when a number is not written to; rows of `portal.contacts` become it by `of`."""

    masked_number: str = strawberry.field(description="The number with its middle hidden.")
    source: SuppressionSource = strawberry.field(description="Where the wish came from.")
    since: datetime = strawberry.field(description="Since when it holds.")

    @classmethod
    def of(cls, row: SuppressionRow) -> "Suppression":
        """The suppression in this row."""
        return cls(
            id=to_global("Suppression", row.id), masked_number=row.number_masked, source=row.source, since=row.since
        )


@strawberry.type(description="A suppression in a list.", directives=READ)
class SuppressionEdge:
    """A suppression and its place."""

    cursor: str = strawberry.field(description="The suppression's place in the list.")
    node: Suppression = strawberry.field(description="The suppression.")


@strawberry.type(description="A page of suppressions.", directives=READ)
class SuppressionConnection:
    """A Relay connection."""

    edges: list[SuppressionEdge] = strawberry.field(description="The suppressions with their cursors.")
    nodes: list[Suppression] = strawberry.field(description="The suppressions alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[SuppressionRow]) -> "SuppressionConnection":
        """The connection of a page that was read."""
        nodes = [Suppression.of(row) for row in page.items]
        edges = [SuppressionEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


@strawberry.input(description="Which numbers that get no messages.")
class SuppressionFilter:
    """All conditions have to hold."""

    sources: list[SuppressionSource] | None = strawberry.field(
        default=None, description="Those whose wish came from one of these."
    )
    last_digits: str | None = strawberry.field(default=None, description="Those whose number ends with these digits.")
    since: DateTimeRange | None = strawberry.field(default=None, description="Those who are there since this range.")

    def narrowed(self) -> Only:
        """The filter as the business takes it."""
        span = self.since
        return Only(
            sources=None if self.sources is None else tuple(self.sources),
            last_digits=self.last_digits,
            since=span.from_ if span else None,
            until=span.until if span else None,
        )


async def find_suppression(info: Info, given: str) -> Suppression | None:
    """The suppression of this global id, or None."""
    key = from_global("Suppression", given)
    if key is None:
        return None
    async with info.context.reading() as tx:
        row = (await read_suppressions_by_id(tx, [key])).get(key)
    return None if row is None else Suppression.of(row)


@strawberry.type
class SuppressionQueries:
    """The root field that reads the list."""

    @strawberry.field(
        description="The numbers that get no messages from the tenant, those that came last first.", directives=READ
    )
    async def suppressions(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            SuppressionFilter | None, strawberry.argument(description="Which of them; all unless given.")
        ] = None,
    ) -> SuppressionConnection | None:
        only = filter.narrowed() if filter is not None else Only()
        page = await paged(
            lambda request: read_suppressions(info.context.tx, request, only), first, after, last, before
        )
        return SuppressionConnection.of(page)
