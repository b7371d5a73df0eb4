"""Puts discrepancies and margin alerts into the database, as the job that finds them does."""

from datetime import date
from uuid import UUID

from portal.clock import new_id
from portal.database import DatabaseRole
from portal_schema.nodes import to_global
from tests.product import Product


async def add_discrepancy(product: Product, tenant_id: UUID, day: date, *, reason: str = "UNKNOWN") -> str:
    """The global id of an open discrepancy: the portal counted two messages, the carriers three."""
    now = product.clock.now()
    discrepancy_id = new_id(now)
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute(
            "INSERT INTO discrepancy (tenant_id, id, day, category, ours, theirs, our_cost, their_cost, currency, "
            "reason, found_at, seen_at) VALUES ($1, $2, $3, 'sms-outbound', 2, 3, 0.0158, 0.0237, 'USD', $4, $5, $5)",
            *(tenant_id, discrepancy_id, day, reason, now),
        )
    return to_global("Discrepancy", discrepancy_id)


async def add_margin_alert(product: Product, tenant_id: UUID, month: date) -> str:
    """The global id of a margin alert that nobody took note of."""
    now = product.clock.now()
    alert_id = new_id(now)
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute(
            "INSERT INTO margin_alert (tenant_id, id, month, expected_ratio, actual_ratio, reason, raised_at) "
            "VALUES ($1, $2, $3, 0.03, 0.01, 'BELOW_PLAN', $4)",
            *(tenant_id, alert_id, month, now),
        )
    return to_global("MarginAlert", alert_id)
