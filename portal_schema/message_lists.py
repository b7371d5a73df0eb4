"""Lists of messages in the schema, and the root fields that read messages."""

from typing import Annotated

import strawberry

from portal.database.keyset import Key, Keyset, Page
from portal.messages.reading import (
    NEWEST_FIRST,
    OLDEST_FIRST,
    MessageOwner,
    MessageRow,
    read_messages,
    read_messages_of,
)
from portal.messages.reading import MessageFilter as Only
from portal_schema.connections import (
    After,
    Before,
    First,
    Last,
    PageInfo,
    page_errors_told,
    page_request,
    paged,
    selected_in_nodes,
)
from portal_schema.contacts import SortDirection
from portal_schema.context import Info
from portal_schema.delivery import LOGS
from portal_schema.message_filters import MessageFilter, MessageSort
from portal_schema.message_relations import Relations, to_fetch
from portal_schema.messages import Message, find_message


@strawberry.type(description="A message in a list.", directives=LOGS)
class MessageEdge:
    """A message and its place."""

    cursor: str = strawberry.field(description="The message's place in the list.")
    node: Message = strawberry.field(description="The message.")


@strawberry.type(description="A page of messages.", directives=LOGS)
class MessageConnection:
    """A Relay connection."""

    edges: list[MessageEdge] = strawberry.field(description="The messages with their cursors.")
    nodes: list[Message] = strawberry.field(description="The messages alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    async def read(
        cls,
        info: Info,
        only: Only,
        first: int | None,
        after: str | None,
        last: int | None,
        before: str | None,
        keyset: Keyset = NEWEST_FIRST,
    ) -> "MessageConnection":
        """Read a page with what this field selects of it."""
        async with info.context.reading() as tx:
            page: Page[MessageRow] = await paged(
                lambda request: read_messages(tx, request, keyset, only), first, after, last, before
            )
            relations = await Relations.of(tx, page.items, to_fetch(info, selected_in_nodes(info)))
        return cls.of(page, relations)

    @classmethod
    async def read_of(
        cls,
        info: Info,
        owner: MessageOwner,
        key: Key,
        first: int | None,
        after: str | None,
        last: int | None,
        before: str | None,
        keyset: Keyset = NEWEST_FIRST,
    ) -> "MessageConnection":
        """Read a page of what belongs to a contact or a batch: one read for all that are asked for side by side."""
        request = page_request(first, after, last, before)
        wanted = to_fetch(info, selected_in_nodes(info))

        async def load(keys: list[Key]) -> list[MessageConnection]:
            async with info.context.reading() as tx:
                with page_errors_told():
                    pages = await read_messages_of(tx, owner, keys, request, keyset)
                rows = [row for page in pages.values() for row in page.items]
                relations = await Relations.of(tx, rows, wanted)
            return [cls.of(pages[asked], relations) for asked in keys]

        loader = info.context.loader(("messages", owner, request, keyset, wanted), load)
        found: MessageConnection = await loader.load(key)
        return found

    @classmethod
    def of(cls, page: Page[MessageRow], relations: Relations) -> "MessageConnection":
        """The connection of a page that was read, with its relations."""
        nodes = [Message.of(row, relations) for row in page.items]
        edges = [MessageEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


@strawberry.type
class MessageQueries:
    """The root fields that read messages."""

    @strawberry.field(description="The tenant's messages, the newest first unless sorted otherwise.", directives=LOGS)
    async def messages(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            MessageFilter | None, strawberry.argument(description="Which messages; all unless given.")
        ] = None,
        sort: Annotated[
            MessageSort | None, strawberry.argument(description="The order; the newest first unless given.")
        ] = None,
    ) -> MessageConnection | None:
        only = Only() if filter is None else filter.narrowed()
        rising = sort is not None and sort.direction is SortDirection.ASCENDING
        keyset = OLDEST_FIRST if rising else NEWEST_FIRST
        return await MessageConnection.read(info, only, first, after, last, before, keyset)

    @strawberry.field(description="One message, or null where the tenant has no such message.", directives=LOGS)
    async def message(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The message's id.")],
    ) -> Message | None:
        return await find_message(info, id)
