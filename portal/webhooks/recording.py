"""Writes down what became of deliveries, and disables an endpoint that takes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.alerts.catalogue import AlertKind
from portal.alerts.raising import Occurrence, mail_of, raise_alerts
from portal.database import TenantTransaction
from portal.global_ids import global_id
from portal.webhooks.claiming import Claimed
from portal.webhooks.client import Answer, NoAnswer
from portal.webhooks.reading import DisabledReason
from portal.webhooks.schedule import FAILING_FOR, pause_after


@dataclass(frozen=True, slots=True)
class Tried:
    """A delivery that was tried, and how that ended."""

    delivery: Claimed
    outcome: Answer | NoAnswer

    @property
    def taken(self) -> bool:
        """Whether the endpoint took it."""
        return isinstance(self.outcome, Answer) and self.outcome.taken

    @property
    def gone(self) -> bool:
        """Whether the endpoint wants no more."""
        return isinstance(self.outcome, Answer) and self.outcome.gone

    def due_at(self, now: datetime) -> datetime | None:
        """When to try again; None where it is over."""
        if self.taken or self.gone:
            return None
        wish = self.outcome.retry_after if isinstance(self.outcome, Answer) else None
        pause = pause_after(self.delivery.attempts, wish)
        return None if pause is None else now + pause


async def record(tx: TenantTransaction, endpoint_id: UUID, tried: Sequence[Tried], *, now: datetime) -> None:
    """Write outcomes down, each unless another worker has tried the same since."""
    due = [one.due_at(now) for one in tried]
    answers = [one.outcome if isinstance(one.outcome, Answer) else None for one in tried]
    await tx.execute(
        "UPDATE webhook_delivery AS delivery SET due_at = o.due_at, last_status = o.status, last_problem = o.problem, "
        "response = o.response, delivered_at = CASE WHEN o.taken THEN $2::timestamptz END, "
        "failed_at = CASE WHEN NOT o.taken AND o.due_at IS NULL THEN $2::timestamptz END "
        "FROM unnest($3::uuid[], $4::integer[], $5::timestamptz[], $6::bool[], $7::integer[], $8::text[], $9::text[]) "
        "AS o (id, attempts, due_at, taken, status, problem, response) "
        "WHERE delivery.tenant_id = $1 AND delivery.id = o.id AND delivery.attempts = o.attempts "
        "AND delivery.delivered_at IS NULL",
        tx.tenant_id,
        now,
        [one.delivery.id for one in tried],
        [one.delivery.attempts for one in tried],
        due,
        [one.taken for one in tried],
        [answer.status if answer else None for answer in answers],
        [one.outcome.problem for one in tried],
        [answer.beginning if answer else None for answer in answers],
    )
    given_up = any(at is None and not one.taken for one, at in zip(tried, due, strict=True))
    await _judge(tx, endpoint_id, tried, given_up=given_up, now=now)


async def _judge(
    tx: TenantTransaction, endpoint_id: UUID, tried: Sequence[Tried], *, given_up: bool, now: datetime
) -> None:
    """Keep since when an endpoint has taken nothing, and disable it where it says so, or where that is too long."""
    if any(one.taken for one in tried):
        sql = (
            "UPDATE webhook_endpoint SET failing_since = NULL "
            "WHERE tenant_id = $1 AND id = $2 AND failing_since IS NOT NULL"
        )
        await tx.execute(sql, tx.tenant_id, endpoint_id)
    else:
        since = min(one.delivery.claimed_at for one in tried)
        sql = (
            "UPDATE webhook_endpoint SET failing_since = $3 "
            "WHERE tenant_id = $1 AND id = $2 AND failing_since IS NULL AND updated_at <= $3"
        )
        await tx.execute(sql, tx.tenant_id, endpoint_id, since)
    if any(one.gone for one in tried):
        await _disable(tx, endpoint_id, DisabledReason.GONE, failing_before=None, now=now)
    elif given_up:
        await _disable(tx, endpoint_id, DisabledReason.FAILING, failing_before=now - FAILING_FOR, now=now)


async def _disable(
    tx: TenantTransaction,
    endpoint_id: UUID,
    reason: DisabledReason,
    *,
    failing_before: datetime | None,
    now: datetime,
) -> None:
    disabled = await tx.execute(
        "UPDATE webhook_endpoint SET disabled_at = $3, disabled_reason = $4 WHERE tenant_id = $1 AND id = $2 "
        "AND disabled_at IS NULL AND ($5::timestamptz IS NULL OR failing_since <= $5)",
        tx.tenant_id,
        endpoint_id,
        now,
        reason.value,
        failing_before,
    )
    if not disabled:
        return
    code = global_id("WebhookEndpoint", endpoint_id)
    occurrence = Occurrence(AlertKind.WEBHOOK_FAILING, code, f"{code} disabled at {now.isoformat()}", now)
    await raise_alerts(tx, [occurrence], now=now)
    await mail_of(tx, occurrence.group, now=now)
