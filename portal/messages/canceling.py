"""Taking back what has not left the portal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.clock import new_id
from portal.database import TenantTransaction
from portal.messages.issues import DeliveryIssueCode
from portal.messages.recording import ended_of, tell_of_changes
from portal.messages.status import MessageStatus, Standing
from portal.plans.settling import end_reservations
from portal.problems import refuse
from portal.shield.pauses import IS_STOPPED, add_canceled


class CancelProblem(StrEnum):
    """Why nothing is canceled."""

    NOT_FOUND = "NOT_FOUND"
    TOO_LATE = "TOO_LATE"


@dataclass(frozen=True, slots=True)
class Canceled:
    """The messages that will not be sent."""

    message_ids: tuple[UUID, ...]


_WAITING = "status IN ('QUEUED', 'SCHEDULED')"  # what a worker has claimed is SENDING, and stays so


async def cancel_message(tx: TenantTransaction, message_id: UUID, *, now: datetime) -> Canceled:
    """Cancel one message and give its units back.

    Raises:
        RefusedError: there is no such message, or it has left already.
    """
    found = await tx.value("SELECT 1 FROM message WHERE tenant_id = $1 AND id = $2", tx.tenant_id, message_id)
    return await _cancel_asked(tx, "id", message_id, exists=found is not None, now=now)


async def cancel_batch(tx: TenantTransaction, batch_id: UUID, *, now: datetime) -> Canceled:
    """Cancel all of a batch that has not left yet.

    Raises:
        RefusedError: there is no such batch, or all of it has left already.
    """
    found = await tx.value("SELECT 1 FROM message_batch WHERE tenant_id = $1 AND id = $2", tx.tenant_id, batch_id)
    return await _cancel_asked(tx, "batch_id", batch_id, exists=found is not None, now=now)


async def cancel_to(tx: TenantTransaction, numbers: Sequence[str], *, now: datetime) -> Canceled:
    """Cancel what has not left yet to numbers that want no messages any more, but for the answers to their keywords."""
    unwanted = f"recipient_number = ANY($2::text[]) AND direction = 'OUTBOUND' AND keyword IS NULL AND {_WAITING}"
    return await _cancel(tx, unwanted, list(numbers), DeliveryIssueCode.OPTED_OUT, now=now)


async def cancel_claimed(tx: TenantTransaction, message_ids: Sequence[UUID], *, now: datetime) -> Canceled:
    """Cancel what the caller has claimed and not sent: it is paused, or its recipients want no messages any more."""
    claimed = "id = ANY($2::uuid[]) AND status = 'SENDING'"
    paused = f"{claimed} AND {IS_STOPPED}"
    stopped = await _cancel(tx, paused, list(message_ids), DeliveryIssueCode.PAUSED, now=now)
    if stopped.message_ids:
        await add_canceled(tx, stopped.message_ids)
    left = await _cancel(tx, claimed, list(message_ids), DeliveryIssueCode.OPTED_OUT, now=now)
    return Canceled((*stopped.message_ids, *left.message_ids))


async def cancel_fired(tx: TenantTransaction, message_ids: Sequence[UUID], *, now: datetime) -> Canceled:
    """Cancel what the caller fires, since its recipients want no messages any more."""
    fired = "id = ANY($2::uuid[]) AND status = 'SCHEDULED'"
    return await _cancel(tx, fired, list(message_ids), DeliveryIssueCode.OPTED_OUT, now=now)


async def _cancel_asked(tx: TenantTransaction, column: str, key: UUID, *, exists: bool, now: datetime) -> Canceled:
    if not exists:
        raise refuse(CancelProblem.NOT_FOUND, "There is no such message or batch.", "id")
    canceled = await _cancel(tx, f"{column} = $2 AND {_WAITING}", key, None, now=now)
    if not canceled.message_ids:
        raise refuse(CancelProblem.TOO_LATE, "It has left already: only what still waits can be canceled.", "id")
    return canceled


async def _cancel(
    tx: TenantTransaction, condition: str, key: object, issue: DeliveryIssueCode | None, *, now: datetime
) -> Canceled:
    # The status decides, under the row's lock.
    rows = await tx.rows(
        "WITH waiting AS (SELECT id, reserved_units FROM message "  # noqa: S608  the conditions are ours
        f"WHERE tenant_id = $1 AND {condition} ORDER BY id FOR UPDATE) "
        "UPDATE message SET status = 'CANCELED', status_at = $3, issue = $4, due_at = NULL, reserved_units = 0 "
        "FROM waiting WHERE message.tenant_id = $1 AND message.id = waiting.id "
        "RETURNING message.id, message.channel, message.balance_id, message.batch_id, message.cost, message.price, "
        "message.spend_id, waiting.reserved_units",
        tx.tenant_id,
        key,
        now,
        issue,
    )
    if not rows:
        return Canceled(())
    await end_reservations(tx, [ended_of(row, left=False) for row in rows if row["reserved_units"]], now=now)
    ids = [row["id"] for row in rows]
    await tx.execute(
        "INSERT INTO message_event (tenant_id, id, message_id, status, at, heard_at, source, issue) "
        "SELECT $1, e.id, e.message_id, 'CANCELED', $2, $2, 'PORTAL', $5 "
        "FROM unnest($3::uuid[], $4::uuid[]) AS e (id, message_id)",
        tx.tenant_id,
        now,
        [new_id(now) for _ in ids],
        ids,
        issue,
    )
    await tell_of_changes(tx, {id: Standing(MessageStatus.CANCELED, issue) for id in ids}, now=now)
    return Canceled(tuple(ids))
