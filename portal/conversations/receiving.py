"""Takes in what people write to the tenant: stored once, linked to who they are, and their keywords obeyed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from portal.callbacks.applying import Applier, Callback
from portal.clock import new_id, written
from portal.contacts.contacts import read_contacts_by_number
from portal.contacts.numbers import country_of
from portal.contacts.suppressions import read_suppressions_of
from portal.conversations.keywords import Keyword, keyword_in
from portal.conversations.obeying import Asked, obey
from portal.conversations.provider import InboundMessage, InboundMessages
from portal.conversations.threads import advance
from portal.database import TenantTransaction
from portal.global_ids import global_id
from portal.live.changes import Change, ChangeKind
from portal.messages.recording import EventSource
from portal.messages.segments import count_segments
from portal.usage.usage import MMS_INBOUND, SMS_INBOUND, add_usage
from portal.webhooks.events import WebhookEvent, emit

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Received:
    """A message that is new, with the id it gets and what it asks for."""

    id: UUID
    message: InboundMessage
    keyword: Keyword | None

    @property
    def channel(self) -> str:
        return "MMS" if self.message.media_count else "SMS"


def received_applier(inbound: InboundMessages) -> Applier:
    """The applier of `MESSAGE_RECEIVED`; `inbound` knows the provider's fields."""

    async def apply(tx: TenantTransaction, callbacks: Sequence[Callback], now: datetime) -> None:
        found = [message for callback in callbacks if (message := _read(inbound, callback))]
        await receive(tx, found, EventSource.CALLBACK, now=now)

    return apply


def _read(inbound: InboundMessages, callback: Callback) -> InboundMessage | None:
    """What a callback says; one that cannot be read stays as it came, and does not stop the others."""
    try:
        return inbound.read(callback.content, callback.received_at)
    except Exception as error:
        log.exception("callback_not_read", callback_id=str(callback.id), error=type(error).__name__)
        return None


async def receive(
    tx: TenantTransaction, messages: Sequence[InboundMessage], source: EventSource, *, now: datetime
) -> int:
    """Take in messages: any order and any repetition, also at once, end in the same state.

    Args:
        tx: the tenant's transaction.
        messages: as the provider told of them.
        source: how the portal learnt of them.
        now: the present instant.

    Returns:
        How many of them were new.
    """
    if not messages:
        return 0
    # One at a time for a tenant: a partitioned table cannot see to it that a reference is there once.
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{tx.tenant_id}/received")
    received = await _sorted_out(tx, messages)
    if received:
        await _write(tx, received, source, now=now)
        threads = await advance(tx, [(one.id, one.message) for one in received], now=now)
        await _tell(tx, received, threads, now=now)
        asked = [Asked(one.keyword, one.message) for one in received if one.keyword is not None]
        await obey(tx, asked, now=now)
    return len(received)


async def _sorted_out(tx: TenantTransaction, messages: Sequence[InboundMessage]) -> list[_Received]:
    """The messages that are new, in the order of their arrival, which their ids keep."""
    once = {message.reference: message for message in messages}
    rows = await tx.rows(
        "SELECT provider_reference FROM message WHERE tenant_id = $1 AND provider_reference = ANY($2::text[])",
        tx.tenant_id,
        list(once),
    )
    for row in rows:
        del once[row["provider_reference"]]
    fresh = sorted(once.values(), key=lambda message: message.received_at)
    opted_out = set(await read_suppressions_of(tx, {message.sender for message in fresh}))
    found = []
    for id, message in zip(sorted(new_id(message.received_at) for message in fresh), fresh, strict=True):
        keyword = message.handled or keyword_in(message.body, opted_out=message.sender in opted_out)
        if keyword is Keyword.STOP:
            opted_out.add(message.sender)
        elif keyword is Keyword.START:
            opted_out.discard(message.sender)
        found.append(_Received(id, message, keyword))
    return found


async def _write(tx: TenantTransaction, received: Sequence[_Received], source: EventSource, *, now: datetime) -> None:
    messages = [one.message for one in received]
    contacts = await read_contacts_by_number(tx, {message.sender for message in messages})
    ids = [one.id for one in received]
    await tx.execute(
        "INSERT INTO message (tenant_id, id, contact_id, direction, channel, status, status_at, sender_number, "
        "recipient_number, recipient_country, body, encoding, segments, media_count, keyword, provider_reference, "
        "created_at) SELECT $1, m.id, m.contact_id, 'INBOUND', m.channel, 'RECEIVED', m.at, m.sender, m.recipient, "
        "m.country, m.body, m.encoding, m.segments, m.media, m.keyword, m.reference, m.at "
        "FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], "
        "$9::text[], $10::text[], $11::int[], $12::int[], $13::text[], $14::text[]) AS m (id, contact_id, channel, "
        "at, sender, recipient, country, body, encoding, segments, media, keyword, reference)",
        tx.tenant_id,
        ids,
        [contacts[message.sender].id if message.sender in contacts else None for message in messages],
        [one.channel for one in received],
        [message.received_at for message in messages],
        [message.sender for message in messages],
        [message.recipient for message in messages],
        [country_of(message.recipient) for message in messages],
        [message.body for message in messages],
        [count_segments(message.body).encoding.value for message in messages],
        [message.segments for message in messages],
        [message.media_count for message in messages],
        [one.keyword for one in received],
        [message.reference for message in messages],
    )
    await tx.execute(
        "INSERT INTO message_event (tenant_id, id, message_id, status, at, heard_at, source) "
        "SELECT $1, e.id, e.message_id, 'RECEIVED', e.at, $2, $3 "
        "FROM unnest($4::uuid[], $5::uuid[], $6::timestamptz[]) AS e (id, message_id, at)",
        tx.tenant_id,
        now,
        source.value,
        sorted(new_id(now) for _ in ids),
        ids,
        [message.received_at for message in messages],
    )
    for category, channel in ((SMS_INBOUND, "SMS"), (MMS_INBOUND, "MMS")):
        segments = [one.message.segments for one in received if one.channel == channel]
        await add_usage(tx, category, segments, now=now)


async def _tell(
    tx: TenantTransaction, received: Sequence[_Received], threads: dict[str, UUID], *, now: datetime
) -> None:
    """Tell whoever looks on, and the tenant's own systems."""
    for one in received:
        tx.announce(Change(ChangeKind.MESSAGE_RECEIVED, one.id))
    await emit(tx, WebhookEvent.MESSAGE_RECEIVED, [_data(one, threads) for one in received], now=now)


def _data(received: _Received, threads: dict[str, UUID]) -> dict[str, object]:
    message = received.message
    thread = threads.get(message.sender)
    return {
        "messageId": global_id("Message", received.id),
        "conversationId": thread and global_id("Conversation", thread),
        "from": message.sender,
        "to": message.recipient,
        "body": message.body,
        "mediaCount": message.media_count,
        "keyword": received.keyword,
        "receivedAt": written(message.received_at),
    }
