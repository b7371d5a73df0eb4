"""What messages cost the tenant, and what that goes by."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.money.money import Money
from portal.usage.costing import PriceBasis


@dataclass(frozen=True, slots=True)
class MessagePrice:
    """A message's price beside the plan's fee, exact to the trillionth."""

    price: Money
    basis: PriceBasis


async def read_prices(tx: TenantTransaction, message_ids: Sequence[UUID]) -> dict[UUID, MessagePrice]:
    """The prices of those of these messages that the tenant sent, in one statement."""
    rows = await tx.rows(
        "SELECT message.id, message.price, message.reserved_units, held.is_of_cost, "
        "coalesce(spend.currency, held.currency) AS currency FROM message "
        "LEFT JOIN spend_balance AS spend ON spend.tenant_id = $1 AND spend.id = message.spend_id "
        "JOIN LATERAL (SELECT currency, brackets <> '[]' AS is_of_cost FROM tenant_plan "
        "JOIN plan ON plan.id = tenant_plan.plan_id WHERE tenant_plan.tenant_id = $1 AND since <= message.created_at "
        "ORDER BY since DESC LIMIT 1) AS held ON true "
        "WHERE message.tenant_id = $1 AND message.id = ANY($2::uuid[]) AND message.direction = 'OUTBOUND'",
        tx.tenant_id,
        list(message_ids),
    )
    return {row["id"]: MessagePrice(Money(row["price"], row["currency"]), _basis(row)) for row in rows}


def _basis(row: Row) -> PriceBasis:
    if not row["price"]:
        return PriceBasis.INCLUDED
    return PriceBasis.ESTIMATED if row["reserved_units"] or row["is_of_cost"] else PriceBasis.FINAL
