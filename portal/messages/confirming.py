"""Messages whose hand-over got no answer: found in the provider's log, sent again, or given up. Never sent twice.

The callback that names the message settles most of them. What remains is matched with the log on recipient, sender,
body and time, less what belongs to another message already. Nothing found after the grace period: it was never taken,
and is sent again. As many found as asked for: they are these. Anything else is ambiguous: it waits for callbacks to
name those that left, and what they leave ambiguous is given up and never sent again. A text that the provider filled
itself may read otherwise in its log: any message to the recipient may then be it. The residual risk: a provider whose
log lags longer than the grace period would make a second message.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from portal.clock import Clock
from portal.database import Database, TenantTransaction
from portal.messages.issues import DeliveryIssueCode
from portal.messages.provider import MessageProvider, ProviderCredentials, ProviderMessage, ProviderUnavailableError
from portal.messages.recording import EventSource, News, record
from portal.messages.status import MessageStatus, Standing

CONFIRM_AFTER = timedelta(seconds=5)  # most callbacks have come by then
GRACE = timedelta(minutes=1)
PATIENCE = timedelta(minutes=10)  # with what only a callback can tell apart
_CLOCK_SKEW = timedelta(minutes=1)  # the provider's clock is not ours


@dataclass(frozen=True, slots=True)
class Confirming:
    """A message of which nobody can say yet whether it left."""

    id: UUID
    recipient: str
    sender: str
    body: str | None  # None: the provider filled it itself
    first_tried_at: datetime
    doubted_since: datetime  # when its request ended without an answer; a dead worker's has by the end of its lease


async def confirm(
    database: Database,
    provider: MessageProvider,
    credentials: ProviderCredentials,
    tenant_id: UUID,
    messages: Sequence[Confirming],
    clock: Clock,
    until: datetime,
) -> None:
    """Settle these messages as far as the provider's log allows; those not reached `until` then wait for their turn."""
    twins: dict[tuple[str, str, str | None], list[Confirming]] = defaultdict(list)
    for message in messages:
        twins[message.recipient, message.sender, message.body].append(message)
    for group in twins.values():
        if clock.now() >= until:
            return
        since = min(message.first_tried_at for message in group)
        try:
            listed = await provider.sent_to(credentials, group[0].recipient, since=since - _CLOCK_SKEW)
        except ProviderUnavailableError:
            listed = None
        async with database.for_tenant(tenant_id) as tx:
            await _settle(tx, group, listed, now=clock.now())


async def _settle(
    tx: TenantTransaction, group: Sequence[Confirming], listed: Sequence[ProviderMessage] | None, *, now: datetime
) -> None:
    if listed is None:
        await _ask_again(tx, group, now=now)
        return
    group = await _still_confirming(tx, group)
    if not group:
        return
    taken = await _attributed(tx, [message.reference for message in listed])
    free = sorted(
        (found for found in listed if found.reference not in taken and _matches(found, group[0])),
        key=lambda found: (found.created_at, found.reference),
    )
    open_twins = await _open_twins(tx, group[0], since=min(message.first_tried_at for message in group))
    if not free:
        await _send_again(tx, group, now=now)
        await _ask_again(tx, group, now=now)
    elif len(free) == len(group) == open_twins:
        await record(tx, [_found(ours, theirs, now) for ours, theirs in zip(group, free, strict=True)], now=now)
    elif all(now - message.doubted_since >= PATIENCE for message in group):
        standing = Standing(MessageStatus.FAILED, DeliveryIssueCode.UNCONFIRMED)
        news = [News(message.id, standing, now, EventSource.SWEEP, left=False) for message in group]
        await record(tx, news, now=now)
    else:
        await _ask_again(tx, group, now=now)


async def _still_confirming(tx: TenantTransaction, messages: Sequence[Confirming]) -> list[Confirming]:
    """Those that nobody told of while the log was read, locked: a callback that comes now waits."""
    rows = await tx.rows(
        "SELECT id FROM message WHERE tenant_id = $1 AND id = ANY($2::uuid[]) AND status = 'CONFIRMING' "
        "AND provider_reference IS NULL ORDER BY id FOR UPDATE",
        tx.tenant_id,
        [message.id for message in messages],
    )
    waiting = {row["id"] for row in rows}
    return [message for message in messages if message.id in waiting]


def _matches(found: ProviderMessage, ours: Confirming) -> bool:
    return (found.recipient, found.sender) == (ours.recipient, ours.sender) and ours.body in {None, found.body}


def _found(ours: Confirming, theirs: ProviderMessage, now: datetime) -> News:
    at = theirs.status_at or now
    standing = Standing(theirs.status, theirs.issue)
    return News(ours.id, standing, at, EventSource.SWEEP, theirs.reference, error=theirs.error)


async def _attributed(tx: TenantTransaction, references: Sequence[str]) -> set[str]:
    sql = "SELECT provider_reference FROM message WHERE tenant_id = $1 AND provider_reference = ANY($2::text[])"
    return {row["provider_reference"] for row in await tx.rows(sql, tx.tenant_id, list(references))}


async def _open_twins(tx: TenantTransaction, like: Confirming, *, since: datetime) -> int:
    """How many messages what is free in the log may be: those given up meanwhile too, for they may have left."""
    count: int = await tx.value(
        "SELECT count(*) FROM message WHERE tenant_id = $1 AND (status IN ('CONFIRMING', 'SENDING') "
        "OR status = 'FAILED' AND issue = 'UNCONFIRMED' AND status_at >= $5) "
        "AND provider_reference IS NULL AND recipient_number = $2 AND sender_number = $3 "
        "AND ($4::text IS NULL OR body = $4)",
        tx.tenant_id,
        like.recipient,
        like.sender,
        like.body,
        since - _CLOCK_SKEW,
    )
    return count


# A callback may have settled a message meanwhile: what is no longer confirming stays as it is.
async def _ask_again(tx: TenantTransaction, messages: Sequence[Confirming], *, now: datetime) -> None:
    is_new = any(now - message.doubted_since < GRACE for message in messages)
    await tx.execute(
        "UPDATE message SET due_at = $3 WHERE tenant_id = $1 AND id = ANY($2::uuid[]) AND status = 'CONFIRMING'",
        tx.tenant_id,
        [message.id for message in messages],
        now + (CONFIRM_AFTER if is_new else GRACE),
    )


async def _send_again(tx: TenantTransaction, messages: Sequence[Confirming], *, now: datetime) -> None:
    """Those whose grace is over, by their rows: another worker may have tried since the log was read."""
    await tx.execute(
        "UPDATE message SET status = 'QUEUED', status_at = $3, due_at = $3, first_tried_at = NULL "
        "WHERE tenant_id = $1 AND id = ANY($2::uuid[]) AND status = 'CONFIRMING' AND first_tried_at <= $4",
        tx.tenant_id,
        [message.id for message in messages if now - message.doubted_since >= GRACE],
        now,
        now - GRACE,
    )
