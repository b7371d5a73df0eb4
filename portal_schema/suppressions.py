"""The list of numbers that get no messages, in the schema."""

from datetime import datetime

import strawberry

from auth.permissions import Permission
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
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> SuppressionConnection | None:
        page = await paged(lambda request: read_suppressions(info.context.tx, request), first, after, last, before)
        return SuppressionConnection.of(page)
