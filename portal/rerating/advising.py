"""Advice on a tenant's plan by its last three whole months."""

from datetime import UTC, datetime

from portal.database import TenantTransaction
from portal.plans.catalogue import read_plans_on_sale
from portal.plans.plans import PlanState, read_tenant_plan
from portal.rates.cards import read_current_card
from portal.rerating.advice import PlanAdvice, advise
from portal.rerating.months import months_of, whole_months
from portal.rerating.reading import read_records

MONTHS = 3


async def advise_on_plan(tx: TenantTransaction, *, now: datetime) -> PlanAdvice | None:
    """What the tenant is advised, or None before it has a plan, or where its plans cannot be compared.

    That is where the rate card has no exchange rate any more for the currency of one that it held.
    """
    held = await read_tenant_plan(tx, now=now)
    if held is None:
        return None
    span = whole_months(now.astimezone(UTC).date(), MONTHS)
    (records,) = await read_records(tx, [tx.tenant_id], span)
    card = await read_current_card(tx)
    if not records.currencies(span) | {held.plan.terms.currency} <= {card.currency, *card.exchange_rates}:
        return None
    offered = [one for one in await read_plans_on_sale(tx) if one.state is PlanState.PUBLISHED]
    return advise(held.plan, offered, months_of(records, span, card), card)
