"""Claiming: whose turn it is, the tokens that this takes, and when the tenant has work again; in one transaction.

Whoever holds a tenant's row of due_tenant claims for it and changes its buckets, so that they are exact however many
workers there are. While that is held nothing else is waited for but the rows of its own buckets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import orjson

from portal.database import TenantTransaction, Transaction
from portal.database.connection import Row
from portal.messages.confirming import Confirming
from portal.messages.media import media_of
from portal.messages.pace import LONGEST_WAIT, Bucket, Chosen, SenderPace, Waiting, choose, most_at_once, rate_of
from portal.messages.provider import OutgoingContent
from portal.shield.pauses import IS_STOPPED

LEASE = timedelta(minutes=2)  # when it ends, the sender is gone, and what it sent is in the provider's log
BATCH = 50  # of what is confirmed or given up in one turn
_PULSE = timedelta(milliseconds=50)  # an account with all the requests that it may have is looked at again after it
_NO_PLAN = Decimal(1)  # messages a second of a tenant whose plan is over; what waits still leaves


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this worker alone may hand over, until its lease ends."""

    id: UUID
    recipient: str
    sender: str
    body: str
    media_urls: tuple[str, ...]
    attempts: int
    claimed_at: datetime
    content: OutgoingContent | None


class Claim(NamedTuple):
    """What one worker does of a tenant's work."""

    sending: list[Claimed]
    confirming: list[Confirming]
    unwanted: list[UUID]  # claimed, and their recipients have left meanwhile, or what goes to them is paused
    too_old: list[UUID]  # not claimed: they waited too long
    slowed: bool  # whether the provider wanted it slower of late

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.sending or self.confirming or self.unwanted or self.too_old)


NOTHING = Claim([], [], [], [], slowed=False)


# Those senders that messages wait at, with the first of each: one step of the index for each sender.
_WAITING = """
WITH RECURSIVE waiting AS (
  (SELECT sender_number, due_at, coalesce(queued_at, created_at) AS since FROM message
   WHERE tenant_id = $1 AND status = 'QUEUED' AND due_at IS NOT NULL ORDER BY sender_number, due_at, id LIMIT 1)
  UNION ALL
  SELECT first.* FROM waiting CROSS JOIN LATERAL (
   SELECT sender_number, due_at, coalesce(queued_at, created_at) AS since FROM message
   WHERE tenant_id = $1 AND status = 'QUEUED' AND due_at IS NOT NULL AND sender_number > waiting.sender_number
   ORDER BY sender_number, due_at, id LIMIT 1) AS first
)
"""
_FACTS = f"""{_WAITING}
SELECT (SELECT plan.throughput FROM tenant_plan JOIN plan ON plan.id = plan_id
        WHERE tenant_plan.tenant_id = $1 AND since <= $2 AND (until IS NULL OR until > $2)) AS throughput,
  tenant_pace.tokens AS tenant_tokens, tenant_pace.counted_at AS tenant_counted_at, slowed, slowed_until,
  (SELECT count(*) FROM message WHERE tenant_id = $1 AND status = 'SENDING' AND due_at > $2) AS under_way,
  EXISTS (SELECT FROM message WHERE tenant_id = $1 AND status IN ('SENDING', 'CONFIRMING') AND due_at <= $2)
    AS unconfirmed,
  waiting.sender_number, waiting.due_at, waiting.since AS waiting_since, segments_per_second, segments_per_day,
  sender_pace.tokens, sender_pace.counted_at, day, day_segments
FROM (SELECT) AS one LEFT JOIN tenant_pace ON tenant_pace.tenant_id = $1 LEFT JOIN waiting ON true
LEFT JOIN sender_pace ON sender_pace.tenant_id = $1 AND sender_pace.sender_number = waiting.sender_number
LEFT JOIN number ON number.tenant_id = $1 AND number.number = waiting.sender_number
"""  # noqa: S608  constants
_DUE = """
SELECT due.id, due.sender_number, due.segments, due.since
FROM unnest($3::text[]) AS sender (number) CROSS JOIN LATERAL (
  SELECT id, sender_number, segments, coalesce(queued_at, created_at) AS since, due_at FROM message
  WHERE tenant_id = $1 AND status = 'QUEUED' AND sender_number = sender.number AND due_at <= $2
  ORDER BY due_at, id LIMIT $4 FOR UPDATE SKIP LOCKED) AS due
ORDER BY due.due_at, due.id
"""
# Whoever left after it was accepted gets it no more, nor who is where it looks like fraud since; the answers to their
# keywords they do get.
_TAKE = f"""
UPDATE message SET status = 'SENDING', status_at = $2, due_at = $3, attempts = attempts + 1,
  first_tried_at = coalesce(first_tried_at, $2)
WHERE tenant_id = $1 AND id = ANY($4::uuid[])
RETURNING id, recipient_number, sender_number, body, media, attempts, content_variables,
  CASE WHEN content_variables IS NOT NULL THEN (SELECT provider_reference FROM template_content AS content
    WHERE content.tenant_id = $1 AND version_id = template_version_id) END AS content_reference,
  keyword IS NULL AND (EXISTS (
  SELECT FROM suppression WHERE suppression.tenant_id = $1 AND suppression.number = recipient_number)
  OR {IS_STOPPED}) AS unwanted
"""  # noqa: S608  constants
_KEEP_PACE = """
WITH tenant AS (
  INSERT INTO tenant_pace (tenant_id, tokens, counted_at, ready_at) VALUES ($1, $2, $3, $4)
  ON CONFLICT (tenant_id) DO UPDATE SET tokens = excluded.tokens, counted_at = excluded.counted_at,
    ready_at = excluded.ready_at
)
INSERT INTO sender_pace (tenant_id, sender_number, tokens, counted_at, ready_at, day, day_segments)
SELECT $1, s.* FROM unnest($5::text[], $6::numeric[], $7::timestamptz[], $8::timestamptz[], $9::date[], $10::integer[])
  AS s (sender_number, tokens, counted_at, ready_at, day, day_segments)
ON CONFLICT (tenant_id, sender_number) DO UPDATE SET tokens = excluded.tokens, counted_at = excluded.counted_at,
  ready_at = excluded.ready_at, day = excluded.day, day_segments = excluded.day_segments
"""
# SENDING whose lease ended was being sent by a worker that is gone: nobody knows whether it left.
_DOUBTFUL = """
WITH due AS (
  SELECT id FROM message WHERE tenant_id = $1 AND status IN ('SENDING', 'CONFIRMING') AND due_at <= $2
  ORDER BY due_at, id LIMIT $4 FOR UPDATE SKIP LOCKED
)
UPDATE message SET status = 'CONFIRMING', status_at = CASE status WHEN 'CONFIRMING' THEN status_at ELSE $2 END,
  due_at = $3, attempts = attempts + 1 FROM due WHERE message.tenant_id = $1 AND message.id = due.id
RETURNING message.id, recipient_number, sender_number, CASE WHEN content_variables IS NULL THEN body END AS body,
  first_tried_at, CASE status_at WHEN $2 THEN first_tried_at ELSE status_at END AS doubted_since
"""
# A tenant whose turn is over stands behind those who wait: never earlier than now.
_NOTE_NEXT = f"""{_WAITING}, next AS (SELECT least(
  (SELECT min(due_at) FROM message
   WHERE tenant_id = $1 AND status IN ('SENDING', 'CONFIRMING') AND due_at IS NOT NULL),
  (SELECT min(least(greatest(waiting.due_at, sender_pace.ready_at, tenant_pace.ready_at, slowed_until),
                    waiting.since + $3::interval))
   FROM waiting LEFT JOIN tenant_pace ON tenant_pace.tenant_id = $1
   LEFT JOIN sender_pace ON sender_pace.tenant_id = $1 AND sender_pace.sender_number = waiting.sender_number)
) AS due_at), done AS (DELETE FROM due_tenant USING next WHERE tenant_id = $1 AND next.due_at IS NULL)
UPDATE due_tenant SET due_at = greatest(next.due_at, $2) FROM next WHERE tenant_id = $1 AND next.due_at IS NOT NULL
"""  # noqa: S608  constants


async def read_due(tx: Transaction, at_most: int, *, now: datetime) -> list[UUID]:
    """The tenants with due work, for the role `worker`: those that have waited longest first."""
    rows = await tx.rows(
        "SELECT due_tenant.tenant_id FROM due_tenant JOIN tenant ON tenant.id = due_tenant.tenant_id "
        "WHERE due_at <= $1 AND tenant.state = 'ACTIVE' ORDER BY due_at LIMIT $2",
        now,
        at_most,
    )
    return [row["tenant_id"] for row in rows]


async def claim(tx: TenantTransaction, *, share: int, at_once: int, with_doubtful: bool, now: datetime) -> Claim:
    """Claim at most `share` messages, with which the account has at most `at_once` requests under way.

    What nobody can say of whether it left is claimed as well, to be confirmed, where `with_doubtful` asks for it.
    """
    # Whoever holds the tenant's row claims; acceptance waits for it, so no wake-up is lost. Alone in its statement:
    # what the next ones see is then what the last holder left.
    held = await tx.value(
        "SELECT 1 FROM due_tenant WHERE tenant_id = $1 AND due_at <= $2 FOR UPDATE SKIP LOCKED", tx.tenant_id, now
    )
    if held is None:
        return NOTHING
    rows = await tx.rows(_FACTS, tx.tenant_id, now)
    facts = rows[0]
    slowed = facts["slowed"] or 0
    may_have = most_at_once(at_once, slowed) - facts["under_way"]
    resting = facts["slowed_until"] is not None and facts["slowed_until"] > now
    room = 0 if resting else max(0, min(share, may_have))
    waiting = await _waiting(tx, rows, room, now=now)
    too_old = [one.id for one in waiting if one.is_too_old(now)]
    timely = [one for one in waiting if not one.is_too_old(now)]
    senders = {row["sender_number"]: _sender(row, now) for row in rows if row["sender_number"] is not None}
    chosen = choose(timely, _tenant(facts, now), senders, room, now)
    sending, unwanted = await _take(tx, chosen, now=now)
    if chosen.messages or chosen.tenant_ready_at or chosen.senders_ready_at:
        await _keep_pace(tx, chosen)
    confirming = await _claim_doubtful(tx, now=now) if facts["unconfirmed"] and with_doubtful else []
    doubtful_wait = facts["unconfirmed"] and not with_doubtful
    in_a_while = may_have <= len(chosen.messages) or too_old or doubtful_wait
    await _note_next(tx, now + _PULSE if in_a_while else now)
    return Claim(sending, confirming, unwanted, too_old, slowed=slowed > 0)


async def note_next(tx: TenantTransaction, *, now: datetime) -> None:
    """Say when this tenant has work again; the row is locked first, so that what is accepted meanwhile counts."""
    await tx.execute("SELECT 1 FROM due_tenant WHERE tenant_id = $1 FOR UPDATE", tx.tenant_id)
    await _note_next(tx, now)


async def _note_next(tx: TenantTransaction, earliest: datetime) -> None:
    await tx.execute(_NOTE_NEXT, tx.tenant_id, earliest, LONGEST_WAIT)


async def _waiting(tx: TenantTransaction, rows: Sequence[Row], room: int, *, now: datetime) -> list[Waiting]:
    """The first due messages of each sender, locked, in the order of their times: one more than there is room for."""
    due = [row for row in rows if row["sender_number"] is not None and row["due_at"] <= now]
    old = any(row["waiting_since"] + LONGEST_WAIT <= now for row in due)
    if not due or not (room or old):
        return []
    at_most = max(room + 1, BATCH if old else 0)
    found = await tx.rows(_DUE, tx.tenant_id, now, [row["sender_number"] for row in due], at_most)
    return [Waiting(row["id"], row["sender_number"], row["segments"], row["since"]) for row in found]


def _tenant(facts: Row, now: datetime) -> Bucket:
    rate = facts["throughput"] or _NO_PLAN
    if facts["tenant_tokens"] is None:
        return Bucket.full(rate, now)
    return Bucket(rate, facts["tenant_tokens"], facts["tenant_counted_at"])


def _sender(row: Row, now: datetime) -> SenderPace:
    rate, cap = rate_of(row["sender_number"], row["segments_per_second"]), row["segments_per_day"]
    if row["tokens"] is None:
        return SenderPace(Bucket.full(rate, now), cap, now.astimezone(UTC).date(), 0)
    return SenderPace(Bucket(rate, row["tokens"], row["counted_at"]), cap, row["day"], row["day_segments"])


async def _take(tx: TenantTransaction, chosen: Chosen, *, now: datetime) -> tuple[list[Claimed], list[UUID]]:
    if not chosen.messages:
        return [], []
    order = {message.id: place for place, message in enumerate(chosen.messages)}
    rows = await tx.rows(_TAKE, tx.tenant_id, now, now + LEASE, list(order))
    rows.sort(key=lambda row: order[row["id"]])
    sending = [_claimed(row, now) for row in rows if not row["unwanted"]]
    return sending, [row["id"] for row in rows if row["unwanted"]]


def _claimed(row: Row, now: datetime) -> Claimed:
    reference = row["content_reference"]
    content = OutgoingContent(reference, orjson.loads(row["content_variables"])) if reference else None
    media = tuple(one.url for one in media_of(row["media"]))
    numbers = row["recipient_number"], row["sender_number"]
    return Claimed(row["id"], *numbers, row["body"], media, row["attempts"], now, content)


async def _keep_pace(tx: TenantTransaction, chosen: Chosen) -> None:
    names = sorted({*chosen.senders_ready_at, *(message.sender for message in chosen.messages)})
    senders: Mapping[str, SenderPace] = chosen.senders
    await tx.execute(
        _KEEP_PACE,
        tx.tenant_id,
        chosen.tenant.tokens,
        chosen.tenant.at,
        chosen.tenant_ready_at,
        names,
        [senders[name].bucket.tokens for name in names],
        [senders[name].bucket.at for name in names],
        [chosen.senders_ready_at.get(name) for name in names],
        [senders[name].day for name in names],
        [senders[name].day_segments for name in names],
    )


async def _claim_doubtful(tx: TenantTransaction, *, now: datetime) -> list[Confirming]:
    rows = await tx.rows(_DOUBTFUL, tx.tenant_id, now, now + LEASE, BATCH)
    return [
        Confirming(
            row["id"],
            row["recipient_number"],
            row["sender_number"],
            row["body"],
            row["first_tried_at"],
            row["doubted_since"],
        )
        for row in rows
    ]
