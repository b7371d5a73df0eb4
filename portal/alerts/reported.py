"""Makes alerts of what the provider calls back about its own log."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from portal.alerts.provider import ProviderProblem, ProviderProblems
from portal.alerts.raising import Occurrence, bad_end, raise_alerts
from portal.callbacks.applying import Applier, Callback
from portal.database import TenantTransaction


def problem_applier(problems: ProviderProblems) -> Applier:
    """The applier of `DEBUGGER`; `problems` knows the provider's fields."""

    async def apply(tx: TenantTransaction, callbacks: Sequence[Callback], now: datetime) -> None:
        heard = [(callback, problem) for callback in callbacks if (problem := problems.read(callback.content))]
        subjects = {problem.subject for _, problem in heard if problem.subject}
        messages = await _messages(tx, subjects) if subjects else {}
        occurrences = [
            occurrence
            for callback, problem in heard
            if (occurrence := _occurrence(problem, messages.get(problem.subject or ""), callback.received_at))
        ]
        await raise_alerts(tx, occurrences, now=now)

    return apply


def _occurrence(problem: ProviderProblem, message_id: UUID | None, received_at: datetime) -> Occurrence | None:
    at, group = _instant(problem.at, received_at), problem.group
    if message_id is not None and problem.issue is not None:
        return bad_end(message_id, problem.issue, at, problem.error)
    return Occurrence(group.kind, group.code, problem.event, at, message_id, problem.error)


def _instant(told: datetime | None, received_at: datetime) -> datetime:
    """When it happened: nothing does after it was heard of."""
    return min(told or received_at, received_at)


async def _messages(tx: TenantTransaction, references: set[str]) -> dict[str, UUID]:
    sql = "SELECT id, provider_reference FROM message WHERE tenant_id = $1 AND provider_reference = ANY($2::text[])"
    rows = await tx.rows(sql, tx.tenant_id, list(references))
    return {row["provider_reference"]: row["id"] for row in rows}
