"""Acknowledging alerts: somebody has taken notice, and what happens next is a new alert."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.actor import Actor
from portal.database import TenantTransaction
from portal.problems import refuse


class AcknowledgeProblem(StrEnum):
    """Why an alert is not acknowledged."""

    NOT_FOUND = "NOT_FOUND"


async def acknowledge(tx: TenantTransaction, alert_id: UUID, actor: Actor, *, now: datetime) -> None:
    """Close an alert; one that is closed already stays with whoever closed it first.

    Raises:
        RefusedError: there is no such alert.
    """
    found = await tx.execute(
        "UPDATE alert SET acknowledged_at = coalesce(acknowledged_at, $3), "
        "acknowledged_by_kind = CASE WHEN acknowledged_at IS NULL THEN $4 ELSE acknowledged_by_kind END, "
        "acknowledged_by_name = CASE WHEN acknowledged_at IS NULL THEN $5 ELSE acknowledged_by_name END "
        "WHERE tenant_id = $1 AND id = $2",
        tx.tenant_id,
        alert_id,
        now,
        actor.kind.value,
        actor.name,
    )
    if not found:
        raise refuse(AcknowledgeProblem.NOT_FOUND, "There is no such alert.", "id")
