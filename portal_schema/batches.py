"""Sends in the schema: what was asked for, which messages it made, and who was refused."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.contacts.contacts import ContactRow, read_contacts_by_id
from portal.database.keyset import Page
from portal.messages.batches import BatchRow, RefusalRow, read_batches_by_id, read_refusals_of
from portal.messages.reading import OLDEST_FIRST, MessageOwner
from portal.messages.refusals import RefusalCode
from portal.messages.status import MessageStatus
from portal_schema.actors import Actor
from portal_schema.connections import (
    After,
    Before,
    First,
    Last,
    PageInfo,
    page_errors_told,
    page_request,
    selected_in_nodes,
)
from portal_schema.contacts import Contact
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.message_lists import MessageConnection
from portal_schema.nodes import Node, from_global, to_global

LOGS = requires(Permission.LOGS_READ)


@strawberry.type(description="How many messages stand where.", directives=LOGS)
class StatusCount:
    """A status and a number."""

    status: MessageStatus = strawberry.field(description="The status.")
    count: int = strawberry.field(description="How many of the batch's messages have it.")


@strawberry.type(description="A recipient that got no message. It cost nothing.", directives=LOGS)
class RecipientRefusal:
    """A refusal."""

    contact: Contact | None = strawberry.field(description="The contact, if there is one.")
    masked_number: str | None = strawberry.field(description="The number with its middle hidden, if it is known.")
    code: RefusalCode = strawberry.field(description="Why, for machines.")
    message: str = strawberry.field(description="Why, and how to mend it, for people.")
    path: list[str] = strawberry.field(description="Where in the send's input the recipient stood.")


@strawberry.type(description="A refusal in a list.", directives=LOGS)
class RecipientRefusalEdge:
    """A refusal and its place."""

    cursor: str = strawberry.field(description="The refusal's place in the list.")
    node: RecipientRefusal = strawberry.field(description="The refusal.")


@strawberry.type(description="A page of refusals.", directives=LOGS)
class RecipientRefusalConnection:
    """A Relay connection."""

    edges: list[RecipientRefusalEdge] = strawberry.field(description="The refusals with their cursors.")
    nodes: list[RecipientRefusal] = strawberry.field(description="The refusals alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[RefusalRow], contacts: Mapping[UUID, ContactRow]) -> "RecipientRefusalConnection":
        """The connection of a page that was read, with the contacts that were fetched for it."""
        nodes = [
            RecipientRefusal(
                contact=Contact.of(contacts[row.contact_id]) if row.contact_id and row.contact_id in contacts else None,
                masked_number=row.number_masked,
                code=row.code,
                message=row.message,
                path=["recipients", *row.path],
            )
            for row in page.items
        ]
        edges = [
            RecipientRefusalEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)
        ]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


@strawberry.type(description="One send: its messages, and who was refused.", directives=LOGS)
class MessageBatch(Node):
    """A batch; rows of `portal.messages` become it by `of`."""

    created_at: datetime = strawberry.field(description="When it was accepted.")
    total: int = strawberry.field(description="How many recipients were asked for.")
    accepted: int = strawberry.field(description="How many of them got a message.")
    counts: list[StatusCount] = strawberry.field(description="How many messages stand where now.")
    sent_by: Actor = strawberry.field(description="Who sent it.")
    row: strawberry.Private[BatchRow]

    @classmethod
    def of(cls, row: BatchRow) -> "MessageBatch":
        """The batch in this row."""
        return cls(
            id=to_global("MessageBatch", row.id),
            created_at=row.created_at,
            total=row.total,
            accepted=row.accepted,
            counts=[StatusCount(status=status, count=count) for status, count in row.counts],
            sent_by=Actor(kind=row.actor_kind, name=row.actor_name),
            row=row,
        )

    @strawberry.field(description="The messages that it made, in the order of the recipients.")
    async def messages(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> MessageConnection:
        batch = MessageOwner.BATCH
        return await MessageConnection.read_of(info, batch, self.row.id, first, after, last, before, OLDEST_FIRST)

    @strawberry.field(description="Who was refused and why, in the order of the recipients.")
    async def refusals(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> RecipientRefusalConnection:
        request = page_request(first, after, last, before)
        with_contacts = "contact" in selected_in_nodes(info) and Permission.CONTACTS_READ in info.context.permissions

        async def load(keys: list[UUID]) -> list[RecipientRefusalConnection]:
            async with info.context.reading() as tx:
                with page_errors_told():
                    pages = await read_refusals_of(tx, keys, request)
                ids = [row.contact_id for page in pages.values() for row in page.items if row.contact_id]
                contacts = await read_contacts_by_id(tx, ids) if ids and with_contacts else {}
            return [RecipientRefusalConnection.of(pages[key], contacts) for key in keys]

        loader = info.context.loader(("refusals", request, with_contacts), load)
        found: RecipientRefusalConnection = await loader.load(self.row.id)
        return found


async def find_batch(info: Info, given: str) -> MessageBatch | None:
    """The batch of this global id, or None."""
    key = from_global("MessageBatch", given)
    if key is None:
        return None
    async with info.context.reading() as tx:
        row = (await read_batches_by_id(tx, [key])).get(key)
    return None if row is None else MessageBatch.of(row)
