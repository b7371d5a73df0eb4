"""Raising alerts: what happens again and again is one alert with a count, and a new one is told of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.alerts.catalogue import AlertGroup, AlertKind, group_of_issue, text_of
from portal.alerts.routing import AlertChannel, channels_of
from portal.clock import new_id
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.global_ids import global_id
from portal.live.changes import Change, ChangeKind
from portal.messages.issues import DeliveryIssueCode
from portal.webhooks.events import WebhookEvent, emit


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that went wrong once."""

    kind: AlertKind
    code: str  # with the kind it makes the group: a code of the catalogue, or an endpoint's global id
    event: str  # what it is known by: heard twice it counts once
    at: datetime
    message_id: UUID | None = None
    reference: str | None = None  # the provider's error number, for ISV support alone

    @property
    def group(self) -> AlertGroup:
        """Which alert counts it."""
        return AlertGroup(self.kind, self.code)


def bad_end(message_id: UUID, issue: DeliveryIssueCode, at: datetime, error: str | None) -> Occurrence | None:
    """What the bad end of a message raises, or None where the reason is the recipient's business alone.

    It counts once, whoever tells of it: the message's status, or the provider's log.
    """
    group = group_of_issue(issue)
    event = f"{message_id}/{issue}"
    return None if group is None else Occurrence(group.kind, group.code, event, at, message_id, error)


async def raise_alerts(tx: TenantTransaction, occurrences: Sequence[Occurrence], *, now: datetime) -> None:
    """Count what went wrong: in the open alert of its kind and code, or in a new one that is told of.

    However many they are, it takes the same few statements. One transaction of a tenant raises at a time: call it
    last, since until the commit the others wait.
    """
    if not occurrences:
        return
    # What another transaction has counted meanwhile is seen by the statements behind this one.
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{tx.tenant_id}/alerts")
    fresh = await _not_counted(tx, occurrences)
    groups: dict[AlertGroup, list[Occurrence]] = {}
    for occurrence in fresh:
        groups.setdefault(occurrence.group, []).append(occurrence)
    if not groups:
        return
    alerts = {AlertGroup(AlertKind(row["kind"]), row["code"]): row for row in await _count(tx, groups, now=now)}
    await _write(tx, [(alerts[occurrence.group]["id"], occurrence) for occurrence in fresh], now=now)
    await _tell(tx, {group: row for group, row in alerts.items() if row["told_at"] is None}, now=now)


async def mail_of(tx: TenantTransaction, group: AlertGroup, *, now: datetime) -> None:
    """Have the open alert of a group mailed, wherever its kind goes: what was done to the tenant has to reach it."""
    await tx.execute(
        "UPDATE alert SET mail_due_at = $4 "
        "WHERE tenant_id = $1 AND kind = $2 AND code = $3 AND acknowledged_at IS NULL",
        *(tx.tenant_id, group.kind.value, str(group.code), now),
    )


async def _not_counted(tx: TenantTransaction, occurrences: Sequence[Occurrence]) -> list[Occurrence]:
    by_event = {occurrence.event: occurrence for occurrence in reversed(occurrences)}
    sql = "SELECT event FROM alert_occurrence WHERE tenant_id = $1 AND event = ANY($2::text[])"
    known = {row["event"] for row in await tx.rows(sql, tx.tenant_id, list(by_event))}
    return [occurrence for event, occurrence in by_event.items() if event not in known]


async def _count(tx: TenantTransaction, groups: dict[AlertGroup, list[Occurrence]], *, now: datetime) -> list[Row]:
    """The alert of each group, with its new count."""
    return await tx.rows(
        "INSERT INTO alert (tenant_id, id, kind, code, count, first_at, last_at) "
        "SELECT $1, a.id, a.kind, a.code, a.count, a.first_at, a.last_at FROM unnest("
        "$2::uuid[], $3::text[], $4::text[], $5::integer[], $6::timestamptz[], $7::timestamptz[]) "
        "AS a (id, kind, code, count, first_at, last_at) "
        "ON CONFLICT (tenant_id, kind, code) WHERE acknowledged_at IS NULL DO UPDATE SET "
        "count = alert.count + excluded.count, first_at = least(alert.first_at, excluded.first_at), "
        "last_at = greatest(alert.last_at, excluded.last_at) RETURNING id, kind, code, count, told_at",
        tx.tenant_id,
        [new_id(now) for _ in groups],
        [group.kind.value for group in groups],
        [str(group.code) for group in groups],
        [len(occurred) for occurred in groups.values()],
        [min(one.at for one in occurred) for occurred in groups.values()],
        [max(one.at for one in occurred) for occurred in groups.values()],
    )


async def _write(tx: TenantTransaction, counted: Sequence[tuple[UUID, Occurrence]], *, now: datetime) -> None:
    await tx.execute(
        "INSERT INTO alert_occurrence (tenant_id, id, alert_id, at, message_id, reference, event) "
        "SELECT $1, o.id, o.alert_id, o.at, o.message_id, o.reference, o.event FROM unnest("
        "$2::uuid[], $3::uuid[], $4::timestamptz[], $5::uuid[], $6::text[], $7::text[]) "
        "AS o (id, alert_id, at, message_id, reference, event)",
        tx.tenant_id,
        [new_id(now) for _ in counted],
        [alert_id for alert_id, _ in counted],
        [occurrence.at for _, occurrence in counted],
        [occurrence.message_id for _, occurrence in counted],
        [occurrence.reference for _, occurrence in counted],
        [occurrence.event for _, occurrence in counted],
    )


async def _tell(tx: TenantTransaction, untold: dict[AlertGroup, Row], *, now: datetime) -> None:
    """Tell of alerts on the channels of their kinds; one that is muted waits for what happens after that."""
    if not untold:
        return
    channels = await channels_of(tx, untold, now=now)
    told = {channel: [group for group, to in channels.items() if channel in to] for channel in AlertChannel}
    # The mails are written by portal.alerts.mailing, which knows the queue.
    await tx.execute(
        "UPDATE alert SET told_at = $4, mail_due_at = CASE WHEN id = ANY($3::uuid[]) THEN $4 ELSE mail_due_at END "
        "WHERE tenant_id = $1 AND id = ANY($2::uuid[])",
        tx.tenant_id,
        [untold[group]["id"] for group in channels],
        [untold[group]["id"] for group in told[AlertChannel.EMAIL]],
        now,
    )
    for group in told[AlertChannel.PAGE]:
        tx.announce(Change(ChangeKind.ALERT, untold[group]["id"]))
    events = [_event(group, untold[group]) for group in told[AlertChannel.WEBHOOK]]
    await emit(tx, WebhookEvent.ALERT_RAISED, events, now=now)


def _event(group: AlertGroup, alert: Row) -> dict[str, object]:
    text = text_of(group)
    return {
        "alertId": global_id("Alert", alert["id"]),
        "kind": group.kind,
        "code": group.code,
        "title": text.title,
        "advice": text.advice,
        "actor": text.actor,
        "count": alert["count"],
    }
