"""Raising alerts: what happens again and again is one alert with a count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.clock import new_id
from portal.database import TenantTransaction
from portal.live.changes import Change, ChangeKind


class AlertKind(StrEnum):
    """What an alert is about."""

    USAGE_THRESHOLD = "USAGE_THRESHOLD"
    DELIVERABILITY = "DELIVERABILITY"
    PROVIDER_ERROR = "PROVIDER_ERROR"
    REGISTRATION = "REGISTRATION"
    WEBHOOK_FAILING = "WEBHOOK_FAILING"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that went wrong once."""

    kind: AlertKind
    code: str  # with the kind it makes the group: a delivery issue, an endpoint's id, a threshold
    event: str  # what it is known by: heard twice it counts once
    at: datetime
    message_id: UUID | None = None
    reference: str | None = None  # the provider's error number, for ISV support alone


async def raise_alerts(tx: TenantTransaction, occurrences: Sequence[Occurrence], *, now: datetime) -> None:
    """Count what went wrong: in the open alert of its kind and code, or in a new one that is told of."""
    # In one order, so that two who raise the same alerts never wait for each other.
    for occurrence in sorted(occurrences, key=lambda one: (one.kind, one.code, one.event)):
        await _raise(tx, occurrence, now=now)


async def _raise(tx: TenantTransaction, occurrence: Occurrence, *, now: datetime) -> None:
    group = f"{tx.tenant_id}/alert/{occurrence.kind}/{occurrence.code}"
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", group)
    known = "SELECT 1 FROM alert_occurrence WHERE tenant_id = $1 AND event = $2"
    if await tx.value(known, tx.tenant_id, occurrence.event):
        return
    row = await tx.row(
        "INSERT INTO alert (tenant_id, id, kind, code, count, first_at, last_at) VALUES ($1, $2, $3, $4, 1, $5, $5) "
        "ON CONFLICT (tenant_id, kind, code) WHERE acknowledged_at IS NULL DO UPDATE SET count = alert.count + 1, "
        "first_at = least(alert.first_at, excluded.first_at), last_at = greatest(alert.last_at, excluded.last_at) "
        "RETURNING id, count",
        tx.tenant_id,
        new_id(now),
        occurrence.kind.value,
        occurrence.code,
        occurrence.at,
    )
    if row is None:
        raise RuntimeError("an upsert returns its row")
    await tx.execute(
        "INSERT INTO alert_occurrence (tenant_id, id, alert_id, at, message_id, reference, event) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tx.tenant_id,
        new_id(now),
        row["id"],
        occurrence.at,
        occurrence.message_id,
        occurrence.reference,
        occurrence.event,
    )
    tx.announce(Change(ChangeKind.ALERT, row["id"]))
