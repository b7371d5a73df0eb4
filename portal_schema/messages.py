"""Messages in the schema."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.conversations.keywords import Keyword
from portal.messages.channels import MessageChannel
from portal.messages.reading import MessageRow, read_messages_by_id
from portal.messages.segments import Encoding
from portal.messages.status import MessageStatus
from portal.usage.costing import PriceBasis
from portal_schema.actors import Actor
from portal_schema.connections import selected
from portal_schema.contacts import Contact
from portal_schema.context import Info
from portal_schema.delivery import (
    CONTENT,
    LOGS,
    DeliveryIssue,
    MessageDirection,
    MessageEvent,
    MessageMedia,
    Recipient,
    Sender,
)
from portal_schema.guards import requires
from portal_schema.message_prices import load_price
from portal_schema.message_relations import Relations, to_fetch
from portal_schema.money import Money
from portal_schema.nodes import Node, from_global, to_global
from portal_schema.scalars import CountryCode, PhoneNumber
from portal_schema.templates import TemplateVersion

BILLING = requires(Permission.BILLING_READ)

if TYPE_CHECKING:
    from portal_schema.batches import MessageBatch
    from portal_schema.conversations import Conversation


@strawberry.type(description="A message, from the click until it arrived or did not.", directives=LOGS)
class Message(Node):
    """A message; rows of `portal.messages` become it by `of`, with what was selected of their relations."""

    direction: MessageDirection = strawberry.field(description="Which way it goes.")
    channel: MessageChannel = strawberry.field(description="What carries it.")
    status: MessageStatus = strawberry.field(description="Where it stands; once it was handed over it never goes back.")
    status_at: datetime = strawberry.field(description="Since when it stands there.")
    outcome_pending: bool = strawberry.field(
        description="Whether it may still become known what became of it. Of a message that stays silent for four days "
        "nothing more will: its status stays as it is."
    )
    created_at: datetime = strawberry.field(description="When it was accepted, or came.")
    scheduled_at: datetime | None = strawberry.field(
        description="When its time comes or came: as asked for, or as quiet hours end. Null: at once."
    )
    sender: Sender = strawberry.field(description="Who it is from.")
    recipient: Recipient = strawberry.field(description="Who it is for.")
    body: str | None = strawberry.field(description="The text as it is sent.", directives=CONTENT)
    encoding: Encoding = strawberry.field(description="How the text travels.")
    segments: int = strawberry.field(description="How many segments it takes, which is what carriers count.")
    media_count: int = strawberry.field(description="How many pictures or other media go or came with it.")
    media: list[MessageMedia] | None = strawberry.field(
        description="What is sent with the text; empty of what came, and of somebody who was erased.",
        directives=CONTENT,
    )
    keyword: Keyword | None = strawberry.field(
        description="The keyword that an inbound message is, or that this is the automatic answer to."
    )
    contact: Contact | None = strawberry.field(description="The contact, unless it was deleted since.")
    template: TemplateVersion | None = strawberry.field(description="The template's version that it was made from.")
    batch: Annotated["MessageBatch", strawberry.lazy("portal_schema.batches")] | None = strawberry.field(
        description="The send that it belongs to."
    )
    sent_by: Actor | None = strawberry.field(description="Who sent it; null for inbound messages.")
    timeline: list[MessageEvent] = strawberry.field(description="What happened to it, in order.")
    delivery_issue: DeliveryIssue | None = strawberry.field(description="Why it did not arrive, if it did not.")
    provider_reference: str | None = strawberry.field(
        description="Its name at the provider, for a ticket there.", directives=requires(Permission.SUPPORT_SESSION)
    )
    row: strawberry.Private[MessageRow]

    @classmethod
    def of(cls, row: MessageRow, relations: "Relations") -> "Message":
        """The message in this row."""
        contact = relations.contacts.get(row.contact_id) if row.contact_id else None
        version = relations.versions.get(row.template_version_id) if row.template_version_id else None
        return cls(
            id=to_global("Message", row.id),
            direction=MessageDirection[row.direction],
            channel=MessageChannel[row.channel],
            status=row.status,
            status_at=row.status_at,
            outcome_pending=row.outcome_pending,
            created_at=row.created_at,
            scheduled_at=row.scheduled_at,
            sender=Sender(
                masked_number=row.sender_masked, number=PhoneNumber(row.sender_number) if row.sender_number else None
            ),
            recipient=Recipient(
                masked_number=row.recipient_masked,
                number=PhoneNumber(row.recipient_number) if row.recipient_number else None,
                country=CountryCode(row.recipient_country) if row.recipient_country else None,
            ),
            body=row.body,
            encoding=row.encoding,
            segments=row.segments,
            media_count=row.media_count,
            media=[MessageMedia(url=one.url, content_type=one.content_type, size=one.size) for one in row.media],
            keyword=row.keyword,
            contact=Contact.of(contact) if contact else None,
            template=TemplateVersion.of(version) if version else None,
            batch=relations.batch(row.batch_id),
            sent_by=Actor(kind=row.actor_kind, name=row.actor_name or "") if row.actor_kind else None,
            timeline=[MessageEvent.of(event) for event in relations.events.get(row.id, ())],
            delivery_issue=DeliveryIssue.of(row.issue) if row.issue else None,
            provider_reference=row.provider_reference,
            row=row,
        )

    @strawberry.field(description="The conversation that it is part of, if whom it is from or for ever wrote.")
    async def conversation(
        self, info: Info
    ) -> Annotated["Conversation", strawberry.lazy("portal_schema.conversations")] | None:
        from portal_schema.conversations import load_conversation_with  # noqa: PLC0415  the two know each other

        return await load_conversation_with(info, self.row.counterpart)

    @strawberry.field(
        description="What it costs beside the plan's fee, 0 where that includes it: at most so much until it has left. "
        "Null for inbound messages.",
        directives=BILLING,
    )
    async def price(self, info: Info) -> Money | None:
        found = await load_price(info, self.row.id)
        return None if found is None else Money.of(found.price)

    @strawberry.field(
        description="What the price goes by; null for inbound messages. A price by what the ISV pays stays ESTIMATED: "
        "the invoice goes by the provider's final one.",
        directives=BILLING,
    )
    async def price_basis(self, info: Info) -> PriceBasis | None:
        found = await load_price(info, self.row.id)
        return None if found is None else found.basis


async def find_message(info: Info, given: str, wanted: frozenset[str] | None = None) -> Message | None:
    """The message of this global id with the relations wanted, or None."""
    key = from_global("Message", given)
    return None if key is None else await read_message(info, key, selected(info) if wanted is None else wanted)


async def read_message(
    info: Info, key: UUID, wanted: frozenset[str], *, of_batch: UUID | None = None
) -> Message | None:
    """The message of this key with the relations wanted, or None; with `of_batch` only where it belongs to it."""
    async with info.context.reading() as tx:
        row = (await read_messages_by_id(tx, [key])).get(key)
        if row is None or of_batch not in {None, row.batch_id}:
            return None
        relations = await Relations.of(tx, [row], to_fetch(info, wanted))
    return Message.of(row, relations)


async def load_message(info: Info, key: UUID, wanted: frozenset[str]) -> Message | None:
    """The message of this key with the relations wanted; one read for all that are asked for side by side."""
    fetched = to_fetch(info, wanted)

    async def load(keys: list[UUID]) -> list[Message | None]:
        async with info.context.reading() as tx:
            rows = await read_messages_by_id(tx, keys)
            relations = await Relations.of(tx, list(rows.values()), fetched)
        return [Message.of(rows[asked], relations) if asked in rows else None for asked in keys]

    found: Message | None = await info.context.loader(("message", fetched), load).load(key)
    return found
