"""Firing: what is scheduled and due is checked again, as if it were accepted now, and handed to those who send.

Nothing is reserved for a message before its time. So everything that acceptance asks is asked here: who is refused
then ends with the reason. A tenant's messages fire in their order, one transaction at a time whoever works, and each
transaction reserves for at most so many.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import structlog

from portal.clock import Clock, new_id
from portal.database import Database, DatabaseRole, TenantTransaction
from portal.database.connection import Row
from portal.messages.addressees import Addressee, find_addressees
from portal.messages.canceling import cancel_fired
from portal.messages.channels import MessageChannel
from portal.messages.composing import Composed, Recipient, limit_to
from portal.messages.issues import DeliveryIssueCode
from portal.messages.quiet_hours import QuietTimes
from portal.messages.recording import EventSource, News, record, tell_of_changes
from portal.messages.refusals import RefusalCode
from portal.messages.scheduling import put_off, read_quiet_times
from portal.messages.screening import screen
from portal.messages.segments import Encoding, SegmentCount
from portal.messages.status import MessageStatus, Standing
from portal.messages.waking import wake_dispatch
from portal.messages.wanted import refusal_of
from portal.plans.balances import LockedBalance, lock_balance
from portal.plans.charging import Charge
from portal.plans.reserving import Taking, lock_means, reserve, tell_capped
from portal.plans.spend import reserve_spend
from portal.tenants.tenants import TenantState

AT_A_TIME = 500  # messages in one transaction
MOST_TENANTS = 50  # in one round
_SIDE_BY_SIDE = 4  # tenants
_REST = timedelta(seconds=30)  # of a tenant that could not be served

log = structlog.get_logger(__name__)

# What a message that waited for its time ends with, where at acceptance its recipient would have been refused.
ISSUES: Mapping[RefusalCode, DeliveryIssueCode] = {
    RefusalCode.PREFERENCE: DeliveryIssueCode.PREFERENCE,
    RefusalCode.INVALID_NUMBER: DeliveryIssueCode.INVALID_NUMBER,
    RefusalCode.LANDLINE: DeliveryIssueCode.LANDLINE,
    RefusalCode.POLICY: DeliveryIssueCode.POLICY,
    RefusalCode.PAUSED: DeliveryIssueCode.PAUSED,
    RefusalCode.COUNTRY_NOT_IN_PLAN: DeliveryIssueCode.COUNTRY_NOT_ALLOWED,
    RefusalCode.COUNTRY_WITHOUT_MMS: DeliveryIssueCode.COUNTRY_NOT_ALLOWED,
    RefusalCode.QUIET_HOURS: DeliveryIssueCode.QUIET_HOURS,
    RefusalCode.ALLOWANCE_EXHAUSTED: DeliveryIssueCode.ALLOWANCE_EXHAUSTED,
    RefusalCode.CREDITS_EXHAUSTED: DeliveryIssueCode.CREDITS_EXHAUSTED,
    RefusalCode.SPEND_CAP_REACHED: DeliveryIssueCode.SPEND_CAP_REACHED,
}


class Firing:
    """Fires what is due; any number of them work side by side, in one process or many."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._resting: dict[UUID, datetime] = {}

    async def fire_due(self) -> int:
        """Fire once for each tenant with due messages, the longest waiting first; how many messages that were."""
        now = self._clock.now()
        async with self._database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
            due = await tx.rows(
                "SELECT tenant_id FROM message WHERE status = 'SCHEDULED' AND scheduled_at <= $1 "
                "GROUP BY tenant_id ORDER BY min(scheduled_at) LIMIT $2",
                now,
                MOST_TENANTS,
            )
        self._resting = {tenant_id: until for tenant_id, until in self._resting.items() if until > now}
        turn = asyncio.Semaphore(_SIDE_BY_SIDE)
        awake = [row["tenant_id"] for row in due if row["tenant_id"] not in self._resting]
        return sum(await asyncio.gather(*(self._fire(tenant_id, turn) for tenant_id in awake)))

    async def _fire(self, tenant_id: UUID, turn: asyncio.Semaphore) -> int:
        async with turn:
            now = self._clock.now()
            try:
                async with self._database.for_tenant(tenant_id) as tx:
                    return await fire(tx, now=now)
            except Exception as error:  # one tenant's trouble is not the others'
                log.exception("tenant_not_fired", tenant_id=str(tenant_id), error=type(error).__name__)
                self._resting[tenant_id] = now + _REST
                return 0


async def fire(tx: TenantTransaction, *, now: datetime, at_most: int = AT_A_TIME) -> int:
    """Fire the tenant's due messages, at most so many; how many that were, 0 while somebody else does."""
    if not await tx.value("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", f"{tx.tenant_id}/firing"):
        return 0
    rows = await _lock_due(tx, at_most, now=now)
    if not rows:
        return 0
    addressees = await find_addressees(tx, sorted({row["recipient_number"] for row in rows}))
    checked = _check(rows, addressees, await read_quiet_times(tx), await _read_office(tx), now=now)
    if checked.unwanted:
        await cancel_fired(tx, checked.unwanted, now=now)
    if checked.waiting:
        await put_off(tx, checked.waiting, now=now)
    refused = checked.refused
    balance = await lock_balance(tx, now=now) if checked.due else None
    if balance is None:
        refused |= {row["id"]: DeliveryIssueCode.SENDING_STOPPED for row, _ in checked.due}
        await _fail(tx, refused, now=now)
    else:
        await _queue(tx, checked.due, balance, refused, now=now)
    return len(rows)


async def _lock_due(tx: TenantTransaction, at_most: int, *, now: datetime) -> list[Row]:
    # In the order of ids, as everybody locks; what was canceled or put off while this waited is due no more.
    rows = await tx.rows(
        "SELECT id, batch_id, recipient_number, sender_number, channel, body, encoding, segments, scheduled_at, "
        "respects_quiet_hours, (SELECT topic FROM message_batch WHERE message_batch.tenant_id = $1 "
        "AND message_batch.id = batch_id) AS topic FROM message "
        "WHERE tenant_id = $1 AND status = 'SCHEDULED' AND scheduled_at <= $2 "
        "AND id IN (SELECT id FROM message WHERE tenant_id = $1 AND status = 'SCHEDULED' AND scheduled_at <= $2 "
        "ORDER BY scheduled_at, id LIMIT $3) ORDER BY id FOR UPDATE",
        tx.tenant_id,
        now,
        at_most,
    )
    return sorted(rows, key=lambda row: (row["scheduled_at"], row["id"]))


class _Office(NamedTuple):
    """What the tenant itself is asked for before it sends."""

    active: bool
    numbers: frozenset[tuple[str, str]]  # that are ready, each with what it can send


async def _read_office(tx: TenantTransaction) -> _Office:
    row = await tx.row(
        "SELECT state, ARRAY(SELECT ARRAY[number, can] FROM number CROSS JOIN unnest(capabilities) AS can "
        "WHERE tenant_id = $1 AND ready) AS numbers "
        "FROM tenant WHERE id = $1",
        tx.tenant_id,
    )
    numbers = frozenset((number, can) for number, can in row["numbers"]) if row is not None else frozenset()
    return _Office(row is not None and row["state"] == TenantState.ACTIVE, numbers)


@dataclass(slots=True)
class _Checked:
    """What becomes of messages whose time has come."""

    due: list[tuple[Row, Recipient]] = field(default_factory=list)
    waiting: dict[UUID, datetime] = field(default_factory=dict)  # quiet hours have begun meanwhile
    unwanted: list[UUID] = field(default_factory=list)
    refused: dict[UUID, DeliveryIssueCode] = field(default_factory=dict)


def _check(
    rows: Sequence[Row], addressees: Mapping[str, Addressee], times: QuietTimes, office: _Office, *, now: datetime
) -> _Checked:
    """Ask what acceptance asks before it looks at the means."""
    checked = _Checked()
    for row in rows:
        whom = addressees[row["recipient_number"]]
        allowed = times.next_allowed(whom.number, whom.consumer.quiet, now) if row["respects_quiet_hours"] else now
        refusal = refusal_of(whom.consumer, row["topic"])
        if not office.active:
            checked.refused[row["id"]] = DeliveryIssueCode.SENDING_STOPPED
        elif (row["sender_number"], row["channel"]) not in office.numbers:
            checked.refused[row["id"]] = DeliveryIssueCode.SENDER_GONE
        elif refusal is not None and refusal[0] is RefusalCode.OPTED_OUT:
            checked.unwanted.append(row["id"])
        elif refusal is not None:
            checked.refused[row["id"]] = ISSUES[refusal[0]]
        elif allowed is None:
            checked.refused[row["id"]] = DeliveryIssueCode.QUIET_HOURS
        elif allowed > now:
            checked.waiting[row["id"]] = allowed
        else:
            size = SegmentCount(Encoding(row["encoding"]), row["segments"], None)
            checked.due.append((row, Recipient(whom, row["body"], size, channel=MessageChannel(row["channel"]))))
    return checked


async def _queue(
    tx: TenantTransaction,
    due: Sequence[tuple[Row, Recipient]],
    balance: LockedBalance,
    refused: dict[UUID, DeliveryIssueCode],
    *,
    now: datetime,
) -> None:
    """Reserve for as many as the means reach, in their order, and queue those; the rest and the refused fail."""
    units = sum(recipient.units(balance.allowance.unit) for _, recipient in due)
    means = await lock_means(tx, balance, units, now=now)
    asked = Composed(None, tuple(enumerate(recipient for _, recipient in due)), ())
    screening = await screen(tx, asked, means.card, now=now)
    composed, charges = limit_to(asked, means.plan, means.card, means.budget, screening)
    refused |= {due[refusal.index][0]["id"]: ISSUES[refusal.code] for refusal in composed.refusals}
    rows = [due[index][0] for index, _ in composed.recipients]
    price = sum((charge.price for charge in charges), Decimal(0))
    spend = await reserve_spend(tx, means.plan.terms.currency, price, now=now) if price else None
    await _write_queued(tx, rows, charges, balance.id, spend.id if spend else None, now=now)
    await _fail(tx, refused, now=now)
    if charges:
        taken = [Taking(row["id"], row["batch_id"], charge) for row, charge in zip(rows, charges, strict=True)]
        await reserve(tx, means, taken, spend, now=now)
    if means.spend is not None and DeliveryIssueCode.SPEND_CAP_REACHED in refused.values():
        await tell_capped(tx, means.spend, now=now)
    await screening.shield.write(tx, means.plan.terms.currency, now=now)  # behind all alerts


async def _fail(tx: TenantTransaction, refused: Mapping[UUID, DeliveryIssueCode], *, now: datetime) -> None:
    failed = MessageStatus.FAILED
    news = [News(id, Standing(failed, issue), now, EventSource.PORTAL, left=False) for id, issue in refused.items()]
    await record(tx, news, now=now)


async def _write_queued(
    tx: TenantTransaction,
    rows: Sequence[Row],
    charges: Sequence[Charge],
    balance_id: UUID,
    spend_id: UUID | None,
    *,
    now: datetime,
) -> None:
    if not rows:
        return
    ids = [row["id"] for row in rows]
    await tx.execute(
        "WITH message AS (UPDATE message SET status = 'QUEUED', status_at = $2, due_at = $2, balance_id = $3, "
        "reserved_units = n.units, cost = n.cost, price = n.price, spend_id = CASE WHEN n.price > 0 THEN $4::uuid END "
        "FROM unnest($5::uuid[], $6::int[], $7::numeric[], $8::numeric[]) AS n (id, units, cost, price) "
        "WHERE message.tenant_id = $1 AND message.id = n.id) "
        "INSERT INTO message_event (tenant_id, id, message_id, status, at, heard_at, source) "
        "SELECT $1, e.id, e.message_id, 'QUEUED', $2, $2, 'PORTAL' "
        "FROM unnest($9::uuid[], $5::uuid[]) AS e (id, message_id)",
        tx.tenant_id,
        now,
        balance_id,
        spend_id,
        ids,
        [charge.units for charge in charges],
        [charge.cost for charge in charges],
        [charge.price for charge in charges],
        [new_id(now) for _ in ids],
    )
    await tell_of_changes(tx, dict.fromkeys(ids, Standing(MessageStatus.QUEUED)), now=now)
    await wake_dispatch(tx, now=now)
