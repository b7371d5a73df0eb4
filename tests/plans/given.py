"""Plans, rate cards and credits that tests give a tenant, straight into the tables that the operator fills."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from portal.clock import new_id
from portal.database import DatabaseRole
from portal.global_ids import split_global
from tests.factories import FAST
from tests.product import Caller, Product

PACK = {"credits": 100, "units": 500, "price": "10", "valid_days": 365}
BUY = """mutation ($input: CreditPurchaseInput!) {
  creditPurchase(input: $input) {
    creditLot { id credits units usableAt paidAt expiresAt remainingUnits } idempotentReplay errors { code path }
  }
}"""
LIMIT = """mutation ($input: CreditLimitSetInput!) {
  creditLimitSet(input: $input) { creditLimit { amount currency } errors { code path message } }
}"""


async def give_plan(product: Product, tenant_id: UUID, *, since: datetime | None = None, **terms: Any) -> UUID:
    """Give a tenant a plan of its own in place of the one that it has; with `since` from then on."""
    now = product.clock.now()
    plan_id = new_id(now)
    given = {
        "allowance_amount": 250,
        "allowance_unit": "MESSAGES",
        "allowance_per": "DAY",
        "at_limit": "STOP",
        "credit_packs": [PACK],
        "throughput": FAST,
        **terms,
    }
    values = [orjson.dumps(value).decode() if isinstance(value, list) else value for value in given.values()]
    names = ", ".join(given)
    places = ", ".join(f"${place}" for place in range(4, len(given) + 4))
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute(
            f"INSERT INTO plan (id, name, version, state, created_at, {names}) "  # noqa: S608  named above
            f"VALUES ($1, $2, 1, 'PUBLISHED', $3, {places})",
            *(plan_id, f"Plan {plan_id}", now, *values),
        )
        if since is None:
            await tx.execute("UPDATE tenant_plan SET plan_id = $2 WHERE tenant_id = $1", tenant_id, plan_id)
        else:
            await tx.execute("UPDATE tenant_plan SET until = $2 WHERE tenant_id = $1", tenant_id, since)
            await tx.execute(
                "INSERT INTO tenant_plan (tenant_id, id, plan_id, since) VALUES ($1, $2, $3, $4)",
                *(tenant_id, new_id(now), plan_id, since),
            )
    return plan_id


async def give_card(product: Product, **prices: str) -> None:
    """Publish a rate card in USD with the price of a segment by country; `elsewhere` is everywhere else."""
    now = product.clock.now()
    card_id = new_id(now)
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute(
            "INSERT INTO rate_card (id, version, currency, source, published_at, published_by_name) "
            "VALUES ($1, (SELECT coalesce(max(version), 0) + 1 FROM rate_card), 'USD', 'FILE', $2, 'Olivia')",
            *(card_id, now),
        )
        for country, price in prices.items():
            where = "" if country == "elsewhere" else country
            await tx.execute("INSERT INTO rate VALUES ($1, 'sms-outbound', $2, $3)", card_id, where, Decimal(price))


async def buy(caller: Caller, key: str = "first", pack: int = 100) -> Any:
    """The payload of a purchase of credits."""
    return (await caller.run(BUY, input={"idempotencyKey": key, "credits": pack}))["creditPurchase"]


async def add_lot(caller: Caller, key: str = "first", pack: int = 100) -> str:
    """The id of a lot that was bought."""
    made = await buy(caller, key, pack)
    assert made["errors"] == []
    return str(made["creditLot"]["id"])


async def let_use(product: Product, tenant_id: UUID, amount: str = "1000") -> None:
    """Let a tenant use credits before they are paid."""
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute(
            "INSERT INTO billing_account (tenant_id, id, currency, credit_limit, updated_at) "
            "VALUES ($1, $2, 'USD', $3, $4) ON CONFLICT (tenant_id) DO UPDATE SET credit_limit = excluded.credit_limit",
            *(tenant_id, new_id(product.clock.now()), Decimal(amount), product.clock.now()),
        )


def key_of(global_id: str) -> UUID:
    """The key in a global id."""
    found = split_global(global_id)
    assert found is not None
    return found[1]
