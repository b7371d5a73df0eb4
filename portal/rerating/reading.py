"""Reads tenants' past months: so many statements, however many tenants and months, and never a look at messages."""

from collections.abc import Sequence
from uuid import UUID

from portal.database import Transaction
from portal.invoices.collecting import read_credits, read_held
from portal.rerating.months import Records
from portal.usage.periods import Days
from portal.usage.reading import read_days


async def read_records(tx: Transaction, tenant_ids: Sequence[UUID], span: Days) -> list[Records]:
    """What each of these tenants held, used and bought, in their order."""
    held = await read_held(tx, tenant_ids, span.until)
    days = await read_days(tx, tenant_ids, span, with_money=True)
    bought = await read_credits(tx, tenant_ids, span)
    return [Records(one, held.get(one, []), days[one], bought.get(one, {})) for one in tenant_ids]
