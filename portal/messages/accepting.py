"""Writing down what is promised: the batch, its messages and what they take, and who is refused and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from uuid import UUID

import orjson

from portal.actor import Actor
from portal.clock import new_id
from portal.conversations.keywords import Keyword
from portal.database import TenantTransaction
from portal.messages.addressees import Recipients
from portal.messages.composing import Composed, Recipient
from portal.messages.media import Media, stored_media
from portal.messages.models import MessageBatch
from portal.messages.refusals import RefusalCode
from portal.messages.waking import wake_dispatch
from portal.plans.charging import Charge
from portal.plans.reserving import LockedMeans, Taking, reserve
from portal.plans.spend import reserve_spend

_NOBODY = Recipients()


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What is promised: a batch of messages from this number, and what each takes of these means."""

    batch_id: UUID
    composed: Composed
    charges: Sequence[Charge]
    means: LockedMeans
    sender: str
    actor: Actor
    keyword: Keyword | None = None  # what its messages answer
    asked: Recipients = _NOBODY
    respects_quiet_hours: bool = False
    topic: str | None = None
    media: tuple[Media, ...] = ()

    @property
    def recipients(self) -> list[Recipient]:
        """Who gets a message."""
        return [recipient for _, recipient in self.composed.recipients]


async def accept(tx: TenantTransaction, acceptance: Acceptance, *, now: datetime) -> None:
    """Write the batch, who is refused, and the messages with what they take reserved; a worker then sends them."""
    await _write_batch(tx, acceptance, now=now)
    charges = acceptance.charges
    if not charges:
        return
    price = sum((charge.price for charge in charges), Decimal(0))
    spend = await reserve_spend(tx, acceptance.means.plan.terms.currency, price, now=now) if price else None
    ids = _ids(len(charges), now)
    await _write_messages(tx, acceptance, ids, spend.id if spend else None, now=now)
    taken = [Taking(id, acceptance.batch_id, one) for id, one in zip(ids, charges, strict=True) if one.units]
    if taken:
        await wake_dispatch(tx, now=now)
        await reserve(tx, acceptance.means, taken, spend, now=now)  # last, for it may raise an alert


async def _write_batch(tx: TenantTransaction, acceptance: Acceptance, *, now: datetime) -> None:
    composed, actor = acceptance.composed, acceptance.actor
    await MessageBatch.create(
        using_db=tx.orm,
        id=acceptance.batch_id,
        tenant_id=tx.tenant_id,
        template_version_id=composed.template_version_id,
        topic=acceptance.topic,
        total=len(composed.recipients) + len(composed.refusals),
        accepted=len(composed.recipients),
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        actor_name=actor.name,
        created_at=now,
    )
    if composed.refusals:
        await _write_refusals(tx, acceptance, now=now)


async def _write_refusals(tx: TenantTransaction, acceptance: Acceptance, *, now: datetime) -> None:
    refusals = acceptance.composed.refusals
    # A contact id that is not the tenant's own is written down as none: an answer must not tell that it exists.
    known = [None if refusal.code is RefusalCode.NOT_FOUND else refusal.contact_id for refusal in refusals]
    await tx.execute(
        "INSERT INTO message_refusal (tenant_id, id, batch_id, contact_id, number, code, message, place) "
        "SELECT $1, r.id, $2, r.contact_id, r.number, r.code, r.message, r.place "
        "FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[]) "
        "AS r (id, contact_id, number, code, message, place)",
        tx.tenant_id,
        acceptance.batch_id,
        _ids(len(refusals), now),
        known,
        [refusal.number for refusal in refusals],
        [refusal.code.value for refusal in refusals],
        [refusal.message for refusal in refusals],
        [".".join(acceptance.asked.place_of(refusal.index)) for refusal in refusals],
    )


async def _write_messages(
    tx: TenantTransaction, acceptance: Acceptance, ids: Sequence[UUID], spend_id: UUID | None, *, now: datetime
) -> None:
    recipients, charges = acceptance.recipients, acceptance.charges
    await tx.execute(
        "INSERT INTO message (tenant_id, id, batch_id, contact_id, template_version_id, direction, channel, status, "
        "status_at, sender_number, recipient_number, recipient_country, body, encoding, segments, actor_kind, "
        "actor_name, balance_id, keyword, reserved_units, cost, price, spend_id, due_at, scheduled_at, "
        "respects_quiet_hours, content_variables, media, media_count, created_at) "
        "SELECT $1, m.id, $2, m.contact_id, $3, 'OUTBOUND', m.channel, "
        "CASE WHEN m.send_at IS NULL THEN 'QUEUED' ELSE 'SCHEDULED' END, $4::timestamptz, $5, m.number, m.country, "
        "m.body, m.encoding, m.segments, $6, $7, CASE WHEN m.send_at IS NULL THEN $8::uuid END, $9, m.units, m.cost, "
        "m.price, CASE WHEN m.price > 0 THEN $20::uuid END, CASE WHEN m.send_at IS NULL THEN $4::timestamptz END, "
        "m.send_at, $22, m.content, $25::jsonb, $26, $4 "
        "FROM unnest($10::uuid[], $11::uuid[], $12::text[], $13::text[], $14::text[], $15::text[], $16::int[], "
        "$17::int[], $18::numeric[], $19::numeric[], $21::timestamptz[], $23::jsonb[], $24::text[]) AS m "
        "(id, contact_id, number, country, body, encoding, segments, units, cost, price, send_at, content, channel)",
        tx.tenant_id,
        acceptance.batch_id,
        acceptance.composed.template_version_id,
        now,
        acceptance.sender,
        acceptance.actor.kind.value,
        acceptance.actor.name,
        acceptance.means.balance.id,
        acceptance.keyword,
        ids,
        [recipient.addressee.contact_id for recipient in recipients],
        [recipient.addressee.number for recipient in recipients],
        [recipient.addressee.country for recipient in recipients],
        [recipient.text for recipient in recipients],
        [recipient.size.encoding.value for recipient in recipients],
        [recipient.size.segments for recipient in recipients],
        [charge.units for charge in charges],
        [charge.cost for charge in charges],
        [charge.price for charge in charges],
        spend_id,
        [recipient.send_at for recipient in recipients],
        acceptance.respects_quiet_hours,
        [None if one.content is None else orjson.dumps(one.content).decode() for one in recipients],
        [recipient.channel.value for recipient in recipients],
        stored_media(acceptance.media),
        len(acceptance.media),
    )
    await tx.execute(
        "INSERT INTO message_event (tenant_id, id, message_id, status, at, heard_at, source) "
        "SELECT $1, e.id, e.message_id, CASE WHEN e.send_at IS NULL THEN 'QUEUED' ELSE 'SCHEDULED' END, $2, $2, "
        "'PORTAL' FROM unnest($3::uuid[], $4::uuid[], $5::timestamptz[]) AS e (id, message_id, send_at)",
        tx.tenant_id,
        now,
        _ids(len(ids), now),
        ids,
        [recipient.send_at for recipient in recipients],
    )


def _ids(count: int, now: datetime) -> list[UUID]:
    """Ids in the order of the rows, which lists show."""
    return sorted((new_id(now) for _ in range(count)), key=attrgetter("int"))
