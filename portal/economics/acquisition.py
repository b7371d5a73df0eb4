"""What it cost to win a tenant: entered by the ISV's operator, seen by nobody else."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.clock import new_id
from portal.database import Transaction
from portal.money.money import Money, is_currency, round_to_minor
from portal.problems import refuse


class AcquisitionCostProblem(StrEnum):
    """Why a cost is not taken."""

    NOT_FOUND = "NOT_FOUND"
    INVALID = "INVALID"
    OTHER_CURRENCY = "OTHER_CURRENCY"


async def set_acquisition_cost(tx: Transaction, tenant_id: UUID, cost: Money, *, now: datetime) -> None:
    """Keep it with the tenant's billing account, in place of what was entered before.

    Raises:
        RefusedError: there is no such tenant, the amount cannot be owed, or the account is in another currency.
    """
    if not is_currency(cost.currency):
        raise refuse(AcquisitionCostProblem.INVALID, "This is no currency in use by ISO 4217.", "amount", "currency")
    if cost.amount < 0 or cost.amount != round_to_minor(cost.amount, cost.currency):
        message = "The amount is nothing or more, with no more decimals than its currency has."
        raise refuse(AcquisitionCostProblem.INVALID, message, "amount", "amount")
    if not await tx.value("SELECT true FROM tenant WHERE id = $1", tenant_id):
        raise refuse(AcquisitionCostProblem.NOT_FOUND, "There is no such tenant.", "tenantId")
    taken = await tx.value(
        "INSERT INTO billing_account (tenant_id, id, currency, acquisition_cost, updated_at) "
        "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id) DO UPDATE "
        "SET acquisition_cost = excluded.acquisition_cost, updated_at = excluded.updated_at "
        "WHERE billing_account.currency = excluded.currency RETURNING true",
        tenant_id,
        new_id(now),
        cost.currency,
        cost.amount,
        now,
    )
    if not taken:
        message = "The tenant's billing account is in another currency: give the amount in that one."
        raise refuse(AcquisitionCostProblem.OTHER_CURRENCY, message, "amount", "currency")
