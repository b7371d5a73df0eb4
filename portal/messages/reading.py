"""Reading messages and their timelines: lean rows, a constant number of statements a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from portal.actor import ActorKind
from portal.clock import ids_at
from portal.conversations.keywords import Keyword
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.database.keyset import Key, Keyset, Listing, Page, PageRequest, read_page, read_pages_of
from portal.messages.issues import DeliveryIssueCode
from portal.messages.media import Media, media_of
from portal.messages.recording import EventSource
from portal.messages.segments import Encoding
from portal.messages.status import FINAL, MessageStatus, rank

NEWEST_FIRST = Keyset("created-", descending=True)
OLDEST_FIRST = Keyset("created")


# What pages are full of is a named tuple: a frozen dataclass takes twice as long to make.
class MessageRow(NamedTuple):
    """A message as lists read it; the body and the full numbers are content, and None where that may not be read."""

    id: UUID
    batch_id: UUID | None
    contact_id: UUID | None
    template_version_id: UUID | None
    direction: str
    channel: str
    status: MessageStatus
    status_at: datetime
    issue: DeliveryIssueCode | None
    sender_number: str | None
    sender_masked: str | None
    recipient_number: str | None
    recipient_masked: str
    recipient_country: str | None
    body: str | None
    encoding: Encoding
    segments: int
    media_count: int
    media: tuple[Media, ...]
    keyword: Keyword | None
    actor_kind: ActorKind | None
    actor_name: str | None
    provider_reference: str | None
    ask_at: datetime | None
    scheduled_at: datetime | None
    created_at: datetime

    @property
    def outcome_pending(self) -> bool:
        """Whether it may still become known what became of it: nobody asks for ever about one that stays silent."""
        return self.status not in FINAL and (self.provider_reference is None or self.ask_at is not None)

    @property
    def counterpart(self) -> str | None:
        """The number of whom the tenant writes with; content."""
        return self.sender_number if self.direction == "INBOUND" else self.recipient_number


class EventRow(NamedTuple):
    """One line of a message's timeline."""

    status: MessageStatus
    at: datetime
    heard_at: datetime
    source: EventSource
    issue: DeliveryIssueCode | None


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages; None asks for all."""

    statuses: tuple[MessageStatus, ...] | None = None
    direction: str | None = None
    contact_id: UUID | None = None
    batch_id: UUID | None = None
    created_from: datetime | None = None
    created_until: datetime | None = None


class MessageOwner(StrEnum):
    """What has messages of its own: the column that names it."""

    CONTACT = "contact_id"
    BATCH = "batch_id"
    ALERT = "alert_id"
    CONVERSATION = "(CASE direction WHEN 'INBOUND' THEN sender_number ELSE recipient_number END)"
    """By the number of whom the tenant writes with; as the index has it."""


# A message can be behind several alerts, and several times behind one. Not by DISTINCT, which would read all of them:
# a page of a hundred thousand takes 3 ms this way, and 300 ms that way.
_AFFECTED = (
    "(SELECT alert_id, message_id FROM alert_occurrence AS o WHERE tenant_id = $1 AND NOT EXISTS "
    "(SELECT FROM alert_occurrence AS again WHERE again.tenant_id = $1 AND again.alert_id = o.alert_id "
    "AND again.message_id = o.message_id AND again.id < o.id)) AS affected "
    "JOIN message ON message.id = affected.message_id"
)


_COLUMNS = (
    "id, batch_id, contact_id, template_version_id, direction, channel, status, status_at, issue, sender_masked, "
    "recipient_masked, recipient_country, encoding, segments, media_count, keyword, actor_kind, actor_name, "
    "provider_reference, ask_at, scheduled_at, created_at"
)
_CONTENT = ", sender_number, recipient_number, body, media"
# The database would refuse the columns.
_NO_CONTENT = ", NULL AS sender_number, NULL AS recipient_number, NULL AS body, NULL AS media"


def _columns(tx: TenantTransaction) -> str:
    return _COLUMNS + (_CONTENT if tx.sees_content else _NO_CONTENT)


def _message_row(row: Row) -> MessageRow:
    return MessageRow(
        id=row["id"],
        batch_id=row["batch_id"],
        contact_id=row["contact_id"],
        template_version_id=row["template_version_id"],
        direction=row["direction"],
        channel=row["channel"],
        status=MessageStatus(row["status"]),
        status_at=row["status_at"],
        issue=_issue(row["issue"]),
        sender_number=row["sender_number"],
        sender_masked=row["sender_masked"],
        recipient_number=row["recipient_number"],
        recipient_masked=row["recipient_masked"],
        recipient_country=row["recipient_country"],
        body=row["body"],
        encoding=Encoding(row["encoding"]),
        segments=row["segments"],
        media_count=row["media_count"],
        media=media_of(row["media"]),
        keyword=Keyword(row["keyword"]) if row["keyword"] else None,
        actor_kind=ActorKind(row["actor_kind"]) if row["actor_kind"] else None,
        actor_name=row["actor_name"],
        provider_reference=row["provider_reference"],
        ask_at=row["ask_at"],
        scheduled_at=row["scheduled_at"],
        created_at=row["created_at"],
    )


def _issue(code: str | None) -> DeliveryIssueCode | None:
    return DeliveryIssueCode(code) if code else None


async def read_messages(
    tx: TenantTransaction, request: PageRequest, keyset: Keyset, only: MessageFilter
) -> Page[MessageRow]:
    """A page of messages."""
    conditions = ["tenant_id = $1"]
    arguments: list[object] = [tx.tenant_id]

    def narrow(condition: str, value: object) -> None:
        arguments.append(value)
        conditions.append(condition.format(f"${len(arguments)}"))

    if only.statuses is not None:
        narrow("status = ANY({}::text[])", [status.value for status in only.statuses])
    if only.direction is not None:
        narrow("direction = {}", only.direction)
    if only.contact_id is not None:
        narrow("contact_id = {}", only.contact_id)
    if only.batch_id is not None:
        narrow("batch_id = {}", only.batch_id)
    # By the ids too, which tell the partitions and the place in their index.
    if only.created_from is not None:
        narrow("created_at >= {}", only.created_from)
        narrow("id >= {}", ids_at(only.created_from)[0])
    if only.created_until is not None:
        narrow("created_at < {}", only.created_until)
        narrow("id <= {}", ids_at(only.created_until)[1])
    listing = Listing(_columns(tx), "message", "id", conditions, arguments)
    return await read_page(tx, listing, keyset, request, _message_row)


async def read_messages_of(
    tx: TenantTransaction, owner: MessageOwner, keys: Sequence[Key], request: PageRequest, keyset: Keyset
) -> dict[Key, Page[MessageRow]]:
    """A page of the messages of each of these contacts, batches or alerts, or with each of these numbers."""
    source = _AFFECTED if owner is MessageOwner.ALERT else "message"
    listing = Listing(_columns(tx), source, "id", ["tenant_id = $1"], [tx.tenant_id])
    return await read_pages_of(tx, listing, owner.value, keys, keyset, request, _message_row)


async def read_messages_by_id(tx: TenantTransaction, ids: Sequence[UUID]) -> dict[UUID, MessageRow]:
    """Those of these messages that the tenant has, in one statement."""
    sql = f"SELECT {_columns(tx)} FROM message WHERE tenant_id = $1 AND id = ANY($2::uuid[])"  # noqa: S608  constants
    return {row["id"]: _message_row(row) for row in await tx.rows(sql, tx.tenant_id, list(ids))}


async def read_message_of_batch(tx: TenantTransaction, batch_id: UUID) -> UUID:
    """The message of a batch that made one."""
    sql = "SELECT id FROM message WHERE tenant_id = $1 AND batch_id = $2"
    found: UUID = await tx.value(sql, tx.tenant_id, batch_id)
    return found


async def read_events(tx: TenantTransaction, message_ids: Sequence[UUID]) -> dict[UUID, list[EventRow]]:
    """The timelines of these messages, in the order in which things happened."""
    found: dict[UUID, list[EventRow]] = {message_id: [] for message_id in message_ids}
    rows = await tx.rows(
        "SELECT message_id, status, at, heard_at, source, issue FROM message_event "
        "WHERE tenant_id = $1 AND message_id = ANY($2::uuid[])",
        tx.tenant_id,
        list(message_ids),
    )
    for row in rows:
        event = EventRow(
            MessageStatus(row["status"]),
            row["at"],
            row["heard_at"],
            EventSource(row["source"]),
            _issue(row["issue"]),
        )
        found[row["message_id"]].append(event)
    return {message_id: in_order(events) for message_id, events in found.items()}


def in_order(events: Sequence[EventRow]) -> list[EventRow]:
    """By when things happened; but never behind what the provider tells of a later status.

    The provider's times are full seconds or minutes, and what it does not date is dated by when it was heard.
    """

    def happened(event: EventRow) -> datetime:
        told = (one for one in events if one.source is not EventSource.PORTAL and rank(one.status) > rank(event.status))
        return min([event.at, *(one.at for one in told)])

    return sorted(events, key=lambda event: (happened(event), rank(event.status), event.heard_at))
