"""Writes what became of messages: status, timeline, allowance, usage and suppression in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from portal.alerts.raising import bad_end, raise_alerts
from portal.clock import new_id, written
from portal.contacts.suppressions import SuppressionSource, suppress
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.global_ids import global_id
from portal.live.changes import Change, ChangeKind
from portal.messages.channels import CATEGORIES, MessageChannel
from portal.messages.issues import CATALOGUE, DeliveryIssueCode
from portal.messages.silence import next_question
from portal.messages.status import FINAL, MessageStatus, Standing, rank
from portal.plans.settling import Ended, end_reservations
from portal.shield.areas import TrafficKind
from portal.shield.windows import note_answered
from portal.usage.usage import add_usage
from portal.webhooks.events import WebhookEvent, emit


class EventSource(StrEnum):
    """Who told."""

    PORTAL = "PORTAL"
    PROVIDER_ANSWER = "PROVIDER_ANSWER"
    CALLBACK = "CALLBACK"
    SWEEP = "SWEEP"


@dataclass(frozen=True, slots=True)
class News:
    """Something that became known of a message."""

    message_id: UUID
    standing: Standing
    at: datetime
    source: EventSource
    reference: str | None = None
    left: bool = True  # whether it was handed over to the provider, which is when it counts as used
    due_at: datetime | None = None  # when a worker has to look at it again
    attempt: int | None = None  # which claim it is about; one that another worker claimed since is that worker's
    error: str | None = None  # the provider's number of the reason, for ISV support


async def record(tx: TenantTransaction, news: Sequence[News], *, now: datetime) -> None:
    """Apply news in the order given; any order and any repetition end in the same status."""
    if not news:
        return
    rows = {row["id"]: row for row in await _locked(tx, [item.message_id for item in news])}
    known = [item for item in news if item.message_id in rows and _counts(item, rows[item.message_id])]
    after: dict[UUID, Standing] = {key: _standing(row) for key, row in rows.items()}
    latest: dict[UUID, News] = {}
    for item in known:
        standing = after[item.message_id]
        back = _turned_away(item, standing, rows[item.message_id])
        after[item.message_id] = item.standing if back else standing.after(item.standing)
        latest[item.message_id] = item
    # Before the allowance, as everybody does who puts numbers on the list and gives units back.
    # What is known already was put on the list then; its repetition undoes no START that came since.
    told = [item.message_id for item in known if item.standing.issue is DeliveryIssueCode.OPTED_OUT]
    opted_out = {key for key in told if rows[key]["issue"] != DeliveryIssueCode.OPTED_OUT}
    for number in sorted({rows[key]["recipient_number"] for key in opted_out} - {""}):  # of who was erased meanwhile
        await suppress(tx, number, SuppressionSource.CARRIER, now=now)
    await _write_messages(tx, rows, after, latest, now=now)
    await _write_events(tx, known, now=now)
    await _settle(tx, rows, latest, now=now)
    changed = {key: after[key] for key in latest if after[key] != _standing(rows[key])}
    await tell_of_changes(tx, changed, now=now)
    await _raise_alerts(tx, changed, known, now=now)
    arrived = [rows[key] for key, standing in changed.items() if standing.status is MessageStatus.DELIVERED]
    told_of = [(row["recipient_number"], row["recipient_country"], row["created_at"]) for row in arrived]
    await note_answered(tx, TrafficKind.SMS, told_of)  # behind all alerts


async def _raise_alerts(
    tx: TenantTransaction, changed: dict[UUID, Standing], known: Sequence[News], *, now: datetime
) -> None:
    """Count the messages that ended badly for a reason that the tenant or the ISV can mend."""
    ended = [
        bad_end(item.message_id, issue, min(item.at, now), item.error)
        for item in known
        if (issue := item.standing.issue) and item.message_id in changed and changed[item.message_id].issue is issue
    ]
    await raise_alerts(tx, [occurrence for occurrence in ended if occurrence is not None], now=now)


async def tell_of_changes(tx: TenantTransaction, changed: dict[UUID, Standing], *, now: datetime) -> None:
    """Tell whoever looks on, and the tenant's own systems, where these messages stand now."""
    for key in changed:
        tx.announce(Change(ChangeKind.MESSAGE_STATUS, key))
    events = [_event(key, standing, now) for key, standing in changed.items()]
    await emit(tx, WebhookEvent.MESSAGE_STATUS_CHANGED, events, now=now)


def _event(message_id: UUID, standing: Standing, at: datetime) -> dict[str, object]:
    issue = standing.issue
    return {
        "messageId": global_id("Message", message_id),
        "status": standing.status.value,
        "at": written(at),
        "deliveryIssue": None if issue is None else {"code": issue.value, "reason": CATALOGUE[issue].reason},
    }


def _counts(item: News, row: Row) -> bool:
    return item.attempt is None or item.left or item.attempt == row["attempts"]


def _turned_away(item: News, standing: Standing, row: Row) -> bool:
    """Whether the provider never processed it, so that it waits again: the one way back in the order."""
    sending = standing.status is MessageStatus.SENDING and row["provider_reference"] is None
    return sending and item.standing.status is MessageStatus.QUEUED


async def _locked(tx: TenantTransaction, ids: Sequence[UUID]) -> list[Row]:
    # In the order of ids, so that two recorders never wait for each other.
    return await tx.rows(
        "SELECT id, status, issue, reserved_units, balance_id, batch_id, cost, price, spend_id, segments, channel, "
        "recipient_number, recipient_country, created_at, due_at, provider_reference, attempts, first_tried_at, "
        "ask_at, asked FROM message WHERE tenant_id = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR UPDATE",
        tx.tenant_id,
        sorted(set(ids)),
    )


def _standing(row: Row) -> Standing:
    return Standing(MessageStatus(row["status"]), DeliveryIssueCode(row["issue"]) if row["issue"] else None)


async def _write_messages(
    tx: TenantTransaction,
    rows: dict[UUID, Row],
    after: dict[UUID, Standing],
    latest: dict[UUID, News],
    *,
    now: datetime,
) -> None:
    keys = list(latest)
    await tx.execute(
        "UPDATE message SET status_at = CASE WHEN message.status <> n.status THEN $2 ELSE status_at END, "
        "status = n.status, issue = n.issue, due_at = n.due_at, "
        "provider_reference = coalesce(provider_reference, n.reference), "
        "first_tried_at = CASE n.status WHEN 'QUEUED' THEN NULL ELSE first_tried_at END, "
        "reserved_units = CASE WHEN n.closes THEN 0 ELSE reserved_units END, ask_at = n.ask_at "
        "FROM unnest($3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::bool[], "
        "$9::timestamptz[]) AS n (id, status, issue, due_at, reference, closes, ask_at) "
        "WHERE message.tenant_id = $1 AND message.id = n.id",
        tx.tenant_id,
        now,
        keys,
        [after[key].status.value for key in keys],
        [after[key].issue and str(after[key].issue) for key in keys],
        [_due_at(rows[key], after[key], latest[key]) for key in keys],
        [latest[key].reference for key in keys],
        [_closes(latest[key]) for key in keys],
        [_ask_at(rows[key], after[key], latest[key], now) for key in keys],
    )


def _due_at(row: Row, after: Standing, item: News) -> datetime | None:
    """What the provider is known to have needs no worker, even if a callback told so before its own answer did."""
    return None if _is_known(row, item) or rank(after.status) >= rank(MessageStatus.SENT) else item.due_at


def _ask_at(row: Row, after: Standing, item: News, now: datetime) -> datetime | None:
    """When the sweep asks what became of it, if nothing is heard before: each piece of news gives it time again."""
    # What nobody could confirm and somebody now told of is asked about: it may be delivered.
    is_over = after.status in FINAL and after.issue is not DeliveryIssueCode.UNCONFIRMED
    if is_over or not _is_known(row, item):
        return None
    if row["ask_at"] is not None and after == _standing(row):
        asked_anyway: datetime = row["ask_at"]
        return asked_anyway
    return next_question(row["asked"], handed_over_at=row["first_tried_at"] or now, now=now)


def _is_known(row: Row, item: News) -> bool:
    """Whether the provider's own name of the message is known, which is what it can be asked by."""
    return row["provider_reference"] is not None or item.reference is not None


def _closes(item: News) -> bool:
    """Whether the reservation ends here: it left, or it never will. Unconfirmed waits for the usage records."""
    ended = item.standing.status in {MessageStatus.FAILED, MessageStatus.EXPIRED}
    never = ended and item.standing.issue is not DeliveryIssueCode.UNCONFIRMED
    return item.left or never


async def _write_events(tx: TenantTransaction, news: Sequence[News], *, now: datetime) -> None:
    # The same thing heard twice is one event: the provider repeats its callbacks.
    await tx.execute(
        "INSERT INTO message_event (tenant_id, id, message_id, status, at, heard_at, source, issue) "
        "SELECT DISTINCT ON (n.message_id, n.status, n.source, n.issue) "
        "$1, n.id, n.message_id, n.status, n.at, $2, n.source, n.issue "
        "FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[], $7::text[], $8::text[]) "
        "AS n (id, message_id, status, at, source, issue) WHERE n.status NOT IN ('QUEUED') AND NOT EXISTS "
        "(SELECT 1 FROM message_event AS e WHERE e.tenant_id = $1 AND e.message_id = n.message_id "
        "AND e.status = n.status AND e.source = n.source AND e.issue IS NOT DISTINCT FROM n.issue)",
        tx.tenant_id,
        now,
        sorted(new_id(now) for _ in news),
        [item.message_id for item in news],
        [item.standing.status.value for item in news],
        [item.at for item in news],
        [item.source.value for item in news],
        [item.standing.issue and str(item.standing.issue) for item in news],
    )


async def _settle(tx: TenantTransaction, rows: dict[UUID, Row], latest: dict[UUID, News], *, now: datetime) -> None:
    ended = [
        ended_of(rows[key], left=item.left)
        for key, item in latest.items()
        if rows[key]["reserved_units"] and _closes(item)
    ]
    left = [one for one in ended if one.left]
    await end_reservations(tx, ended, now=now)
    for category in sorted({one.category for one in left}):
        own = [one for one in left if one.category == category]
        segments = [rows[one.message_id]["segments"] for one in own]
        await add_usage(tx, category, segments, cost=sum((one.cost for one in own), Decimal(0)), now=now)


def ended_of(row: Row, *, left: bool) -> Ended:
    """The reservation of a locked message, which ends."""
    return Ended(
        message_id=row["id"],
        batch_id=row["batch_id"],
        category=CATEGORIES[MessageChannel(row["channel"])],
        balance_id=row["balance_id"],
        units=row["reserved_units"],
        cost=row["cost"],
        price=row["price"],
        spend_id=row["spend_id"],
        left=left,
    )
