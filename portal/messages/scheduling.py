"""When a message is to be sent: at once, at the time asked for, or once its recipient's quiet hours are over."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from portal.clock import new_id
from portal.contacts.preferences import QuietHours
from portal.database import TenantTransaction
from portal.live.changes import Change, ChangeKind
from portal.messages.addressees import find_addressees
from portal.messages.composing import Composed, Recipient
from portal.messages.quiet_hours import QuietTimes
from portal.messages.refusals import Refusal, RefusalCode, SendProblem
from portal.problems import refuse

LONGEST_AHEAD = timedelta(days=35)
NEVER = "Quiet hours leave no time to write to this person."
_TOO_LATE = "It does not wait for its time any more: only what is still scheduled can be put off."


class RescheduleProblem(StrEnum):
    """Why nothing is rescheduled."""

    NOT_FOUND = "NOT_FOUND"
    INVALID_TIME = "INVALID_TIME"
    TOO_LATE = "TOO_LATE"


@dataclass(frozen=True, slots=True)
class Timing:
    """When a send is to reach its recipients."""

    send_at: datetime | None = None  # None: at once
    respects_quiet_hours: bool = False


AT_ONCE = Timing()


@dataclass(frozen=True, slots=True)
class Rescheduled:
    """The messages that wait for another time now."""

    message_ids: tuple[UUID, ...]


def check_send_at(code: StrEnum, send_at: datetime, *, now: datetime) -> None:
    """Check a time that is asked for.

    Raises:
        RefusedError: it is past, or further ahead than 35 days.
    """
    if send_at < now:
        raise refuse(code, "This time is past: give a later one, or none to send at once.", "sendAt")
    if send_at > now + LONGEST_AHEAD:
        raise refuse(code, f"A message is scheduled at most {LONGEST_AHEAD.days} days ahead.", "sendAt")


async def set_times(tx: TenantTransaction, composed: Composed, timing: Timing, *, now: datetime) -> Composed:
    """Give each recipient its time; who could never be reached is refused.

    Raises:
        RefusedError: the time asked for is past, or too far ahead.
    """
    if timing.send_at is not None:
        check_send_at(SendProblem.INVALID_TIME, timing.send_at, now=now)
    at = timing.send_at or now
    times = await read_quiet_times(tx) if timing.respects_quiet_hours else None
    timed: list[tuple[int, Recipient]] = []
    refused: list[Refusal] = []
    for index, recipient in composed.recipients:
        whom = recipient.addressee
        allowed = at if times is None else times.next_allowed(whom.number, whom.consumer.quiet, at)
        if allowed is None:
            refused.append(Refusal(index, whom.contact_id, whom.number, RefusalCode.QUIET_HOURS, NEVER))
        else:
            timed.append((index, recipient if allowed <= now else replace(recipient, send_at=allowed)))
    refusals = sorted([*composed.refusals, *refused], key=lambda refusal: refusal.index)
    return replace(composed, recipients=tuple(timed), refusals=tuple(refusals))


def as_if_fired(composed: Composed) -> Composed:
    """The same, with nobody waiting: what it will take once its time has come."""
    recipients = tuple((index, replace(recipient, send_at=None)) for index, recipient in composed.recipients)
    return replace(composed, recipients=recipients)


async def read_quiet_times(tx: TenantTransaction) -> QuietTimes:
    """What the tenant's own quiet hours and time zone make of the times of its messages."""
    row = await tx.row(
        "SELECT time_zone, quiet_from, quiet_until FROM tenant LEFT JOIN tenant_settings "
        "ON tenant_settings.tenant_id = $1 WHERE tenant.id = $1",
        tx.tenant_id,
    )
    if row is None:
        raise RuntimeError("a transaction of no tenant")
    own = None if row["quiet_from"] is None else QuietHours(row["quiet_from"], row["quiet_until"])
    return QuietTimes(own, row["time_zone"])


async def reschedule_message(
    tx: TenantTransaction, message_id: UUID, send_at: datetime, *, now: datetime
) -> Rescheduled:
    """Let one message wait for another time.

    Raises:
        RefusedError: there is no such message, its time has come already, or the new time is not acceptable.
    """
    found = await tx.value("SELECT 1 FROM message WHERE tenant_id = $1 AND id = $2", tx.tenant_id, message_id)
    return await _reschedule(tx, "id", message_id, send_at, exists=found is not None, now=now)


async def reschedule_batch(tx: TenantTransaction, batch_id: UUID, send_at: datetime, *, now: datetime) -> Rescheduled:
    """Let all of a batch that still waits for its time wait for another.

    Raises:
        RefusedError: there is no such batch, nothing of it waits any more, or the new time is not acceptable.
    """
    found = await tx.value("SELECT 1 FROM message_batch WHERE tenant_id = $1 AND id = $2", tx.tenant_id, batch_id)
    return await _reschedule(tx, "batch_id", batch_id, send_at, exists=found is not None, now=now)


async def _reschedule(
    tx: TenantTransaction, column: str, key: UUID, send_at: datetime, *, exists: bool, now: datetime
) -> Rescheduled:
    if not exists:
        raise refuse(RescheduleProblem.NOT_FOUND, "There is no such message or batch.", "id")
    check_send_at(RescheduleProblem.INVALID_TIME, send_at, now=now)
    # The status decides, under the row's lock: what fires meanwhile is over, and what waits fires no more before.
    rows = await tx.rows(
        "SELECT id, recipient_number, respects_quiet_hours FROM message "  # noqa: S608  the column is ours
        f"WHERE tenant_id = $1 AND {column} = $2 AND status = 'SCHEDULED' ORDER BY id FOR UPDATE",
        tx.tenant_id,
        key,
    )
    if not rows:
        raise refuse(RescheduleProblem.TOO_LATE, _TOO_LATE, "id")
    respecting = {row["recipient_number"] for row in rows if row["respects_quiet_hours"]}
    times, consumers = await read_quiet_times(tx), await find_addressees(tx, sorted(respecting))
    allowed: dict[UUID, datetime] = {}
    for row in rows:
        number = row["recipient_number"]
        whom = consumers.get(number)
        own = times.next_allowed(number, whom.consumer.quiet, send_at) if whom is not None else send_at
        if own is None:
            raise refuse(RescheduleProblem.INVALID_TIME, NEVER, "sendAt")
        allowed[row["id"]] = own
    await put_off(tx, allowed, now=now)
    return Rescheduled(tuple(allowed))


async def put_off(tx: TenantTransaction, times: dict[UUID, datetime], *, now: datetime) -> None:
    """Let scheduled messages, which the caller has locked, wait for these times; their timelines tell when."""
    ids: Sequence[UUID] = list(times)
    await tx.execute(
        "WITH message AS (UPDATE message SET scheduled_at = n.at "
        "FROM unnest($2::uuid[], $3::timestamptz[]) AS n (id, at) WHERE message.tenant_id = $1 AND message.id = n.id) "
        "INSERT INTO message_event (tenant_id, id, message_id, status, at, heard_at, source) "
        "SELECT $1, e.id, e.message_id, 'SCHEDULED', $5, $5, 'PORTAL' "
        "FROM unnest($4::uuid[], $2::uuid[]) AS e (id, message_id)",
        tx.tenant_id,
        ids,
        list(times.values()),
        [new_id(now) for _ in ids],
        now,
    )
    for message_id in ids:
        tx.announce(Change(ChangeKind.MESSAGE_STATUS, message_id))
