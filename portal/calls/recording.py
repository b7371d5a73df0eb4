"""Writing down what becomes of calls: any order and any repetition ends in the same state, counted and charged once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from portal.calls.charging import EndedCall, settle_calls
from portal.calls.provider import CallDirection, CallReport
from portal.calls.status import CallIssueCode, CallStanding, CallStatus
from portal.clock import new_id
from portal.contacts.numbers import country_of
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.shield.areas import TrafficKind
from portal.shield.windows import note_answered
from portal.usage.usage import CALLS_INBOUND, CALLS_OUTBOUND, add_usage

ASK_AFTER = timedelta(minutes=15)  # what has not ended then is asked about: a callback may have been lost
_LATE = timedelta(minutes=1)  # callbacks come in any order
_USAGE = {CallDirection.INBOUND: CALLS_INBOUND, CallDirection.OUTBOUND: CALLS_OUTBOUND}


@dataclass(frozen=True, slots=True)
class CallNews:
    """What is heard of a call; `call_id` is the portal's own name of it, where whoever told it knew that."""

    report: CallReport
    standing: CallStanding
    call_id: UUID | None = None


class _Called(NamedTuple):
    """Whom a call that the tenant pays was made to, and as what, for the watch on fraud."""

    kind: TrafficKind
    number: str
    country: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class _Call:
    """A call as it is in the table, or will be."""

    id: UUID
    reference: str | None
    standing: CallStanding
    minute_price: Decimal = Decimal(0)
    price: Decimal = Decimal(0)
    spend_id: UUID | None = None
    called: _Called | None = None

    @property
    def ended(self) -> EndedCall | None:
        """What there is to settle of it, if it has ended."""
        if self.spend_id is None or not self.standing.status.is_end:
            return None
        return EndedCall(self.id, self.minute_price, self.price, self.spend_id, self.standing.minutes or 0)


def news_of(report: CallReport, heard_at: datetime, call_id: UUID | None = None) -> CallNews:
    """The news in a report."""
    at, started_at = report.at or heard_at, None
    if report.status is CallStatus.IN_PROGRESS:
        started_at = at
    elif report.status is CallStatus.COMPLETED and report.duration_seconds is not None:
        started_at = at - timedelta(seconds=report.duration_seconds)
    return CallNews(report, CallStanding(report.status, at, started_at, report.duration_seconds), call_id)


async def record_calls(tx: TenantTransaction, news: Iterable[CallNews], *, now: datetime) -> None:
    """Apply news of any calls of the tenant, in any order; one that nobody knew is added."""
    heard: dict[str, CallNews] = {}
    for one in news:
        known = heard.get(one.report.reference, one)
        standing, call_id = known.standing.after(one.standing), one.call_id or known.call_id
        heard[one.report.reference] = replace(one, standing=standing, call_id=call_id)
    if not heard:
        return
    await lock_calls(tx)
    calls = await _known(tx, list(heard.values()))
    fresh, changed, answered = [], [], []
    for reference, one in heard.items():
        before = calls.get(reference)
        if before is None:
            fresh.append((_Call(new_id(now), reference, one.standing), one.report))
        else:
            after = before.standing.after(one.standing)
            if after != before.standing or before.reference is None:
                changed.append(replace(before, reference=reference, standing=after))
            if before.called is not None and before.standing.started_at is None and after.started_at is not None:
                answered.append(before.called)
        await _count(tx, one.report.direction, before, one.standing, now=now)
    await _insert(tx, fresh, now=now)
    await _update(tx, changed, now=now)
    await settle_calls(tx, [ended for call in changed if (ended := call.ended) is not None], now=now)
    await _end_forwards(tx, [call.id for call in changed if call.standing.status.is_end], now=now)
    for kind in {called.kind for called in answered}:
        await note_answered(tx, kind, [called[1:] for called in answered if called.kind is kind])


async def lock_calls(tx: TenantTransaction) -> None:
    """One at a time for a tenant: a partitioned table cannot see to it that a reference is there once."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{tx.tenant_id}/calls")


async def end_unmade(
    tx: TenantTransaction, calls: Mapping[UUID, CallIssueCode | None], status: CallStatus, *, now: datetime
) -> None:
    """End calls that the provider never took, or of which nobody can say; what was reserved for them is released."""
    rows = await tx.rows(
        "UPDATE call SET status = $2, status_at = $3, due_at = NULL, issue = coalesce(c.issue, call.issue) "  # noqa: S608  constants
        "FROM unnest($4::uuid[], $5::text[]) AS c (id, issue) "
        "WHERE call.tenant_id = $1 AND call.id = c.id AND provider_reference IS NULL AND status = 'QUEUED' "
        f"RETURNING {_COLUMNS}",
        tx.tenant_id,
        status.value,
        now,
        list(calls),
        [issue.value if issue else None for issue in calls.values()],
    )
    await settle_calls(tx, [ended for row in rows if (ended := _call(row).ended) is not None], now=now)


async def _end_forwards(tx: TenantTransaction, parents: Sequence[UUID], *, now: datetime) -> None:
    """A forward whose caller hung up before anybody was called comes to nothing, unless it is heard of by then."""
    if parents:
        await tx.execute(
            "UPDATE call SET due_at = $3 WHERE tenant_id = $1 AND parent_id = ANY($2::uuid[]) "
            "AND provider_reference IS NULL AND due_at IS NOT NULL",
            tx.tenant_id,
            list(parents),
            now + _LATE,
        )


async def _count(
    tx: TenantTransaction, direction: CallDirection, before: _Call | None, heard: CallStanding, *, now: datetime
) -> None:
    """Count a call as used when its end and its duration are first known together."""
    after = heard if before is None else before.standing.after(heard)
    if _is_used(after) and not (before is not None and _is_used(before.standing)):
        await add_usage(tx, _USAGE[direction], [after.minutes or 0], now=now)


def _is_used(standing: CallStanding) -> bool:
    return standing.status is CallStatus.COMPLETED and standing.duration_seconds is not None


_COLUMNS = (
    "call.id, provider_reference, status, status_at, started_at, duration_seconds, minute_price, price, spend_id, "
    "direction, parent_id, recipient_number, recipient_country, call.created_at"
)


def _call(row: Row) -> _Call:
    standing = CallStanding(CallStatus(row["status"]), row["status_at"], row["started_at"], row["duration_seconds"])
    money = (row["minute_price"], row["price"], row["spend_id"])
    called = None
    if row["direction"] == CallDirection.OUTBOUND:
        kind = TrafficKind.CALL if row["parent_id"] is None else TrafficKind.FORWARD
        called = _Called(kind, row["recipient_number"], row["recipient_country"], row["created_at"])
    return _Call(row["id"], row["provider_reference"], standing, *money, called)


async def _known(tx: TenantTransaction, news: Sequence[CallNews]) -> dict[str, _Call]:
    """The calls that are told of, by reference: those that have it, and those named that have none yet."""
    rows = await tx.rows(
        f"SELECT {_COLUMNS} FROM call WHERE tenant_id = $1 AND (provider_reference = ANY($2::text[]) "  # noqa: S608  constants
        "OR (id = ANY($3::uuid[]) AND provider_reference IS NULL))",
        tx.tenant_id,
        [one.report.reference for one in news],
        [one.call_id for one in news if one.call_id is not None],
    )
    calls = [_call(row) for row in rows]
    by_id = {call.id: call for call in calls if call.reference is None}
    found = {one.report.reference: by_id[one.call_id] for one in news if one.call_id in by_id}
    return found | {call.reference: call for call in calls if call.reference is not None}


async def _insert(tx: TenantTransaction, calls: Sequence[tuple[_Call, CallReport]], *, now: datetime) -> None:
    if not calls:
        return
    await tx.execute(
        "INSERT INTO call (tenant_id, id, direction, status, status_at, sender_number, recipient_number, "
        "recipient_country, duration_seconds, started_at, provider_reference, due_at, created_at) "
        "SELECT $1, c.id, c.direction, c.status, c.status_at, c.sender, c.recipient, c.country, c.duration, "
        "c.started_at, c.reference, c.due_at, $2 FROM unnest($3::uuid[], $4::text[], $5::text[], $6::timestamptz[], "
        "$7::text[], $8::text[], $9::text[], $10::integer[], $11::timestamptz[], $12::text[], $13::timestamptz[]) "
        "AS c (id, direction, status, status_at, sender, recipient, country, duration, started_at, reference, due_at)",
        tx.tenant_id,
        now,
        [call.id for call, _ in calls],
        [report.direction.value for _, report in calls],
        [call.standing.status.value for call, _ in calls],
        [call.standing.status_at for call, _ in calls],
        [report.sender for _, report in calls],
        [report.recipient for _, report in calls],
        [country_of(report.recipient) for _, report in calls],
        [call.standing.duration_seconds for call, _ in calls],
        [call.standing.started_at for call, _ in calls],
        [report.reference for _, report in calls],
        [_asked_at(call, now) for call, _ in calls],
    )


async def _update(tx: TenantTransaction, calls: Sequence[_Call], *, now: datetime) -> None:
    if not calls:
        return
    await tx.execute(
        "UPDATE call SET status = c.status, status_at = c.status_at, started_at = c.started_at, "
        "duration_seconds = c.duration, provider_reference = c.reference, due_at = c.due_at "
        "FROM unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::integer[], $7::text[], "
        "$8::timestamptz[]) AS c (id, status, status_at, started_at, duration, reference, due_at) "
        "WHERE call.tenant_id = $1 AND call.id = c.id",
        tx.tenant_id,
        [call.id for call in calls],
        [call.standing.status.value for call in calls],
        [call.standing.status_at for call in calls],
        [call.standing.started_at for call in calls],
        [call.standing.duration_seconds for call in calls],
        [call.reference for call in calls],
        [_asked_at(call, now) for call in calls],
    )


def _asked_at(call: _Call, now: datetime) -> datetime | None:
    return None if call.standing.status.is_end else now + ASK_AFTER
