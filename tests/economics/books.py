"""Writes what economics are read from, as the portal's own parts write it: plans, charges, the provider's records."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from portal.clock import new_id
from portal.database.address import DatabaseAddress
from portal.plans.proration import first_instant
from tests.factories import make_tenant
from tests.product import Product


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Books:
    """One database, written to as the user that may do everything."""

    product: Product
    superuser: DatabaseAddress

    async def write(self, sql: str, *arguments: object) -> None:
        """Run one statement."""
        connection = await asyncpg.connect(
            **self.superuser.to(database=self.product.settings.database().database).credentials()
        )
        try:
            await connection.execute(sql, *arguments)
        finally:
            await connection.close()

    async def card(self, exchange_rates: str = "{}") -> None:
        """A rate card: 0.0079 to the United States, 0.05 to everywhere else."""
        card = uuid4()
        await self.write(
            "INSERT INTO rate_card (id, version, currency, source, exchange_rates, published_at, published_by_name) "
            "VALUES ($1, 1, 'USD', 'FILE', $2, $3, 'Operator')",
            *(card, exchange_rates, self.product.clock.now()),
        )
        for country, price in (("US", "0.0079"), ("", "0.05")):
            await self.write("INSERT INTO rate VALUES ($1, 'sms-outbound', $2, $3)", card, country, Decimal(price))

    async def plan(self, name: str, strategy: str, **terms: Any) -> UUID:
        """A published plan; what is not given is as in the table."""
        plan, now = uuid4(), self.product.clock.now()
        terms = {"at_limit": "STOP", "allowance_amount": None} | terms
        names = ", ".join(terms)
        places = ", ".join(f"${place}" for place in range(5, 5 + len(terms)))
        await self.write(
            f"INSERT INTO plan (id, name, version, state, strategy, created_at, published_at, allowance_unit, "  # noqa: S608  names from code
            f"allowance_per, {names}) VALUES ($1, $2, 1, 'PUBLISHED', $3, $4, $4, 'MESSAGES', 'MONTH', {places})",
            *(plan, name, strategy, now, *terms.values()),
        )
        return plan

    async def tenant(self, name: str, since: str, until: str | None = None) -> UUID:
        """A tenant that came then, and perhaps left again."""
        tenant = await make_tenant(self.product.database, self.product.clock, name=name)
        await self.write(
            "UPDATE tenant SET created_at = $2, closed_at = $3 WHERE id = $1",
            *(tenant, at(since), None if until is None else at(until)),
        )
        return tenant

    async def hold(self, tenant: UUID, plan: UUID, since: str, until: str | None = None) -> UUID:
        """The tenant holds the plan."""
        holding = new_id(at(since))
        await self.write(
            "INSERT INTO tenant_plan (tenant_id, id, plan_id, since, until) VALUES ($1, $2, $3, $4, $5)",
            *(tenant, holding, plan, at(since), None if until is None else at(until)),
        )
        return holding

    async def charge(self, tenant: UUID, holding: UUID, day: date, band: int, units: int) -> None:
        """Messages of a segment each to the United States."""
        await self.write(
            "INSERT INTO charge_day VALUES ($1, $2, $3, 'sms-outbound', $4, $5, $5, $6, $7)",
            *(tenant, day, holding, band, units, units * Decimal("0.0079"), first_instant(day)),
        )

    async def asked(self, tenant: UUID, day: date, *, is_final: bool = True, **prices: str) -> None:
        """What the provider asks for a day, by category; `_` stands for `-`."""
        as_of = first_instant(day) + timedelta(days=2 if is_final else 0, hours=12)
        for category, price in prices.items():
            await self.write(
                "INSERT INTO usage_record VALUES ($1, $2, $3, 1, 'messages', 1, 'segments', $4, 'USD', $5, $5)",
                *(tenant, day, category.replace("_", "-"), Decimal(price), as_of),
            )

    async def use_credits(self, tenant: UUID, plan: UUID, units: int, day: date) -> None:
        """So many units of a pack of 500 for 10 dollars."""
        lot, now = uuid4(), first_instant(day)
        await self.write(
            "INSERT INTO credit_lot (tenant_id, id, plan_id, credits, units, unit, price, currency, bought_by_kind, "
            "bought_by_name, purchased_at) VALUES ($1, $2, $3, 100, 500, 'MESSAGES', 10, 'USD', 'MEMBER', 'Owner', $4)",
            *(tenant, lot, plan, now),
        )
        await self.write(
            "INSERT INTO credit_entry (tenant_id, id, lot_id, kind, units, at) VALUES ($1, $2, $3, 'SETTLE', $4, $5)",
            *(tenant, uuid4(), lot, units, now),
        )
