"""Conversations in the schema."""

from datetime import datetime
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.contacts.contacts import read_contacts_by_number
from portal.contacts.numbers import country_of
from portal.contacts.suppressions import read_suppressions_of
from portal.conversations.reading import (
    ConversationFilter as Only,
)
from portal.conversations.reading import (
    ConversationRow,
    read_conversations,
    read_conversations_by_id,
    read_conversations_with,
)
from portal.database.keyset import Page
from portal.messages.reading import MessageOwner
from portal_schema.connections import After, Before, First, Last, PageInfo, paged, selected
from portal_schema.contacts import Contact
from portal_schema.context import Info
from portal_schema.delivery import CONTENT, Recipient
from portal_schema.message_lists import MessageConnection
from portal_schema.messages import Message, load_message
from portal_schema.nodes import Node, from_global, to_global
from portal_schema.scalars import CountryCode, PhoneNumber
from portal_schema.suppressions import Suppression


@strawberry.type(description="What the tenant and somebody who wrote to it say to each other.", directives=CONTENT)
class Conversation(Node):
    """A conversation; rows of `portal.conversations` become it by `of`."""

    recipient: Recipient | None = strawberry.field(description="Whom it is with, and an answer goes to.")
    unread: int = strawberry.field(description="How many messages came since it was marked as read.")
    last_received_at: datetime = strawberry.field(description="When the last message came.")
    read_at: datetime | None = strawberry.field(description="When it was marked as read last, if it ever was.")
    row: strawberry.Private[ConversationRow]

    @classmethod
    def of(cls, row: ConversationRow) -> "Conversation":
        """The conversation in this row."""
        country = country_of(row.number)
        return cls(
            id=to_global("Conversation", row.id),
            recipient=Recipient(
                masked_number=row.number_masked,
                number=PhoneNumber(row.number),
                country=CountryCode(country) if country else None,
            ),
            unread=row.unread,
            last_received_at=row.last_received_at,
            read_at=row.read_at,
            row=row,
        )

    @strawberry.field(description="The contact that has this number now, if one has.")
    async def contact(self, info: Info) -> Contact | None:
        async def load(numbers: list[str]) -> list[Contact | None]:
            async with info.context.reading() as tx:
                rows = await read_contacts_by_number(tx, numbers)
            return [Contact.of(rows[number]) if number in rows else None for number in numbers]

        found: Contact | None = await info.context.loader("contacts by number", load).load(self.row.number)
        return found

    @strawberry.field(description="Set where this number gets no messages, so that no answer can be sent.")
    async def suppression(self, info: Info) -> Suppression | None:
        async def load(numbers: list[str]) -> list[Suppression | None]:
            async with info.context.reading() as tx:
                rows = await read_suppressions_of(tx, numbers)
            return [Suppression.of(rows[number]) if number in rows else None for number in numbers]

        found: Suppression | None = await info.context.loader("suppressions", load).load(self.row.number)
        return found

    @strawberry.field(description="The last message that came.")
    async def last_message(self, info: Info) -> Message | None:
        return await load_message(info, self.row.last_message_id, selected(info))

    @strawberry.field(description="The messages in both directions, the newest first.")
    async def messages(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> MessageConnection | None:
        owner = MessageOwner.CONVERSATION
        return await MessageConnection.read_of(info, owner, self.row.number, first, after, last, before)


@strawberry.type(description="A conversation in a list.", directives=CONTENT)
class ConversationEdge:
    """A conversation and its place."""

    cursor: str = strawberry.field(description="The conversation's place in the list.")
    node: Conversation = strawberry.field(description="The conversation.")


@strawberry.type(description="A page of conversations.", directives=CONTENT)
class ConversationConnection:
    """A Relay connection."""

    edges: list[ConversationEdge] = strawberry.field(description="The conversations with their cursors.")
    nodes: list[Conversation] = strawberry.field(description="The conversations alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[ConversationRow]) -> "ConversationConnection":
        """The connection of a page that was read."""
        nodes = [Conversation.of(row) for row in page.items]
        edges = [ConversationEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


@strawberry.input(description="Which conversations; all conditions have to hold.")
class ConversationFilter:
    """Conditions; what is left out asks for all."""

    unread: bool | None = strawberry.field(
        default=None, description="true: those with unread messages; false: those without."
    )
    search: str | None = strawberry.field(
        default=None, description="Digits of the number or, for those who may see contacts, a part of the name."
    )


async def find_conversation(info: Info, given: str) -> Conversation | None:
    """The conversation of this global id, or None."""
    key = from_global("Conversation", given)
    if key is None:
        return None
    async with info.context.reading() as tx:
        row = (await read_conversations_by_id(tx, [key])).get(key)
    return None if row is None else Conversation.of(row)


async def load_conversation_with(info: Info, number: str | None) -> Conversation | None:
    """The conversation with this number, or None; one read for all that are asked for side by side."""
    if number is None:
        return None

    async def load(numbers: list[str]) -> list[Conversation | None]:
        async with info.context.reading() as tx:
            rows = await read_conversations_with(tx, numbers)
        return [Conversation.of(rows[asked]) if asked in rows else None for asked in numbers]

    found: Conversation | None = await info.context.loader("conversations by number", load).load(number)
    return found


@strawberry.type
class ConversationQueries:
    """The root fields that read conversations."""

    @strawberry.field(
        description="The tenant's conversations, those first in which somebody wrote last.", directives=CONTENT
    )
    async def conversations(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            ConversationFilter | None, strawberry.argument(description="Which conversations; all unless given.")
        ] = None,
    ) -> ConversationConnection | None:
        by_name = Permission.CONTACTS_READ in info.context.permissions
        only = Only() if filter is None else Only(filter.unread, filter.search or "", by_name)
        page = await paged(
            lambda request: read_conversations(info.context.tx, request, only), first, after, last, before
        )
        return ConversationConnection.of(page)

    @strawberry.field(
        description="One conversation, or null where the tenant has no such conversation.", directives=CONTENT
    )
    async def conversation(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The conversation's id.")],
    ) -> Conversation | None:
        return await find_conversation(info, id)
