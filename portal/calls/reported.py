"""Applies what the provider calls back about calls: stored by their references, and their minutes counted once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from portal.callbacks.applying import Applier, Callback
from portal.calls.provider import CallDirection, CallReport, CallReports
from portal.calls.status import CallStanding, CallStatus
from portal.clock import new_id
from portal.contacts.numbers import country_of
from portal.database import TenantTransaction
from portal.usage.usage import CALLS_INBOUND, CALLS_OUTBOUND, add_usage

_USAGE = {CallDirection.INBOUND: CALLS_INBOUND, CallDirection.OUTBOUND: CALLS_OUTBOUND}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Call:
    """A call as it is in the table, or will be."""

    id: UUID
    standing: CallStanding


def call_applier(reports: CallReports) -> Applier:
    """The applier of `CALL_STATUS`; `reports` knows the provider's fields."""

    async def apply(tx: TenantTransaction, callbacks: Sequence[Callback], now: datetime) -> None:
        heard: dict[str, tuple[CallReport, CallStanding]] = {}
        for callback in callbacks:
            report = _read(reports, callback)
            if report is None:
                continue
            standing = _standing(report, report.at or callback.received_at)
            known = heard.get(report.reference)
            heard[report.reference] = (report, standing if known is None else known[1].after(standing))
        await _record(tx, heard, now=now)

    return apply


def _read(reports: CallReports, callback: Callback) -> CallReport | None:
    """What a callback says; one that cannot be read stays as it came, and does not stop the others."""
    try:
        return reports.read(callback.content)
    except Exception as error:
        log.exception("callback_not_read", callback_id=str(callback.id), error=type(error).__name__)
        return None


def _standing(report: CallReport, at: datetime) -> CallStanding:
    started_at = None
    if report.status is CallStatus.IN_PROGRESS:
        started_at = at
    elif report.status is CallStatus.COMPLETED and report.duration_seconds is not None:
        started_at = at - timedelta(seconds=report.duration_seconds)
    return CallStanding(report.status, at, started_at, report.duration_seconds)


async def _record(tx: TenantTransaction, heard: dict[str, tuple[CallReport, CallStanding]], *, now: datetime) -> None:
    if not heard:
        return
    # One at a time for a tenant: a partitioned table cannot see to it that a reference is there once.
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{tx.tenant_id}/calls")
    known = await _known(tx, list(heard))
    fresh, changed = [], []
    for reference, (report, standing) in heard.items():
        before = known.get(reference)
        if before is None:
            fresh.append((_Call(new_id(now), standing), report))
        elif (after := before.standing.after(standing)) != before.standing:
            changed.append(_Call(before.id, after))
        await _count(tx, report.direction, before, standing, now=now)
    await _insert(tx, fresh, now=now)
    await _update(tx, changed)


async def _count(
    tx: TenantTransaction, direction: CallDirection, before: _Call | None, heard: CallStanding, *, now: datetime
) -> None:
    """Count a call as used when its end and its duration are first known together."""
    after = heard if before is None else before.standing.after(heard)
    if _is_used(after) and not (before is not None and _is_used(before.standing)):
        await add_usage(tx, _USAGE[direction], [after.minutes or 0], now=now)


def _is_used(standing: CallStanding) -> bool:
    return standing.status is CallStatus.COMPLETED and standing.duration_seconds is not None


async def _known(tx: TenantTransaction, references: Sequence[str]) -> dict[str, _Call]:
    rows = await tx.rows(
        "SELECT id, provider_reference, status, status_at, started_at, duration_seconds FROM call "
        "WHERE tenant_id = $1 AND provider_reference = ANY($2::text[])",
        tx.tenant_id,
        list(references),
    )
    return {
        row["provider_reference"]: _Call(
            row["id"],
            CallStanding(CallStatus(row["status"]), row["status_at"], row["started_at"], row["duration_seconds"]),
        )
        for row in rows
    }


async def _insert(tx: TenantTransaction, calls: Sequence[tuple[_Call, CallReport]], *, now: datetime) -> None:
    if not calls:
        return
    await tx.execute(
        "INSERT INTO call (tenant_id, id, direction, status, status_at, sender_number, recipient_number, "
        "recipient_country, duration_seconds, started_at, provider_reference, created_at) "
        "SELECT $1, c.id, c.direction, c.status, c.status_at, c.sender, c.recipient, c.country, c.duration, "
        "c.started_at, c.reference, $2 FROM unnest($3::uuid[], $4::text[], $5::text[], $6::timestamptz[], "
        "$7::text[], $8::text[], $9::text[], $10::integer[], $11::timestamptz[], $12::text[]) "
        "AS c (id, direction, status, status_at, sender, recipient, country, duration, started_at, reference)",
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
    )


async def _update(tx: TenantTransaction, calls: Sequence[_Call]) -> None:
    if not calls:
        return
    await tx.execute(
        "UPDATE call SET status = c.status, status_at = c.status_at, started_at = c.started_at, "
        "duration_seconds = c.duration FROM unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[], "
        "$6::integer[]) AS c (id, status, status_at, started_at, duration) "
        "WHERE call.tenant_id = $1 AND call.id = c.id",
        tx.tenant_id,
        [call.id for call in calls],
        [call.standing.status.value for call in calls],
        [call.standing.status_at for call in calls],
        [call.standing.started_at for call in calls],
        [call.standing.duration_seconds for call in calls],
    )
