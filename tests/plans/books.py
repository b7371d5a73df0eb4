"""What the ledgers of a tenant say, once it is shown that they say the same."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from portal.database import Database
from tests.product import Product

Price = Callable[[int, int, Decimal], Decimal]  # of a band's units and their cost
_BALANCES = """
SELECT used, reserved, from_credits,
  (SELECT coalesce(sum(CASE kind WHEN 'RESERVE' THEN units WHEN 'CORRECTION' THEN 0 ELSE -units END), 0)
    FROM allowance_entry AS e WHERE e.tenant_id = b.tenant_id AND e.balance_id = b.id) AS open_by_entries,
  (SELECT coalesce(sum(units) FILTER (WHERE kind IN ('SETTLE', 'CORRECTION')), 0)
    FROM allowance_entry AS e WHERE e.tenant_id = b.tenant_id AND e.balance_id = b.id) AS used_by_entries,
  (SELECT coalesce(sum(reserved_units), 0) FROM message AS m
    WHERE m.tenant_id = b.tenant_id AND m.balance_id = b.id) AS open_by_messages
FROM allowance_balance AS b WHERE tenant_id = $1 AND used + reserved + from_credits <> 0 ORDER BY period_start
"""
_LOTS = """
SELECT used, reserved, expired,
  (SELECT coalesce(sum(units) FILTER (WHERE kind = 'PURCHASE'), 0) FROM credit_entry AS e
    WHERE e.tenant_id = l.tenant_id AND e.lot_id = l.id) = units AS is_bought_by_entries,
  (SELECT coalesce(sum(CASE kind WHEN 'RESERVE' THEN units ELSE -units END), 0) FROM credit_entry AS e
    WHERE e.tenant_id = l.tenant_id AND e.lot_id = l.id AND kind IN ('RESERVE', 'SETTLE', 'GIVE_BACK'))
    AS open_by_entries,
  (SELECT coalesce(sum(units), 0) FROM credit_hold AS h
    WHERE h.tenant_id = l.tenant_id AND h.lot_id = l.id) AS open_by_holds,
  (SELECT coalesce(sum(units) FILTER (WHERE kind = 'SETTLE'), 0) FROM credit_entry AS e
    WHERE e.tenant_id = l.tenant_id AND e.lot_id = l.id) AS used_by_entries,
  (SELECT coalesce(sum(units) FILTER (WHERE kind = 'EXPIRE'), 0) FROM credit_entry AS e
    WHERE e.tenant_id = l.tenant_id AND e.lot_id = l.id) AS expired_by_entries
FROM credit_lot AS l WHERE tenant_id = $1 ORDER BY expires_at NULLS LAST, id
"""
_SPEND = """
SELECT spent, reserved,
  (SELECT coalesce(sum(price) FILTER (WHERE reserved_units > 0), 0) FROM message AS m
    WHERE m.tenant_id = s.tenant_id AND m.spend_id = s.id) AS reserved_by_messages,
  (SELECT coalesce(sum(price) FILTER (WHERE reserved_units = 0), 0) FROM message AS m
    WHERE m.tenant_id = s.tenant_id AND m.spend_id = s.id) AS spent_by_messages,
  (SELECT count(*) FROM message AS m WHERE m.tenant_id = s.tenant_id AND m.spend_id = s.id) AS messages
FROM spend_balance AS s WHERE tenant_id = $1 AND (spent <> 0 OR reserved <> 0) ORDER BY month
"""


@dataclass(frozen=True)
class Books:
    """Where a tenant stands: each row as a tuple, by time; what is nothing at all is left out."""

    units: list[tuple[int, int, int]]  # of each period: used, reserved, from credits
    lots: list[tuple[int, int, int]]  # of each lot, the first to expire first: used, reserved, expired
    money: list[tuple[Decimal, Decimal]]  # of each month: spent, reserved
    bands: dict[int, int]  # the units that are charged

    @property
    def used(self) -> int:
        """The units of all periods that are used."""
        return sum(used for used, _, _ in self.units)

    @property
    def reserved(self) -> int:
        """The units of all periods that are reserved."""
        return sum(reserved for _, reserved, _ in self.units)

    @property
    def from_credits(self) -> int:
        """The units of all periods that credits paid for."""
        return sum(bought for _, _, bought in self.units)

    @property
    def spent(self) -> Decimal:
        """What all months came to."""
        return sum((spent for spent, _ in self.money), Decimal(0))


def free(band: int, units: int, cost: Decimal) -> Decimal:
    """The price of what costs nothing beside the fee."""
    del band, units, cost
    return Decimal(0)


async def balanced(product: Product, tenant_id: UUID, price: Price = free) -> Books:
    """The books, once balances, entries, holds, messages and charges are shown to say the same."""
    books, charges = await read_books(product.database, tenant_id)
    charged = (price(row["band"], row["units"], row["cost"]) for row in charges)
    assert books.spent == sum(charged, Decimal(0))
    return books


async def read_books(database: Database, tenant_id: UUID) -> tuple[Books, list[Any]]:
    """The same, but for what the charges come to, which depends on the plans; and the charges by band."""
    async with database.for_tenant(tenant_id, read_only=True) as tx:
        balances = await tx.rows(_BALANCES, tenant_id)
        lots = await tx.rows(_LOTS, tenant_id)
        money = await tx.rows(_SPEND, tenant_id)
        charges = await tx.rows(
            "SELECT band, sum(count) AS count, sum(units)::bigint AS units, sum(cost) AS cost FROM charge_day "
            "WHERE tenant_id = $1 GROUP BY band",
            tenant_id,
        )
        left = await tx.row(
            "SELECT coalesce(sum(count), 0) AS count, coalesce(sum(cost), 0) AS cost FROM usage_day "
            "WHERE tenant_id = $1 AND category = 'sms-outbound'",
            tenant_id,
        )
    _check_units(balances)
    _check_lots(lots)
    books = Books(
        [(row["used"], row["reserved"], row["from_credits"]) for row in balances],
        [(row["used"], row["reserved"], row["expired"]) for row in lots],
        [(row["spent"], row["reserved"]) for row in money],
        {row["band"]: row["units"] for row in charges},
    )
    assert books.from_credits == sum(used + reserved for used, reserved, _ in books.lots)
    assert left is not None
    assert (sum(row["count"] for row in charges), sum(row["cost"] for row in charges)) == (left["count"], left["cost"])
    assert sum(books.bands.values()) == books.used
    for row in money:
        assert row["reserved"] == row["reserved_by_messages"]
        # A message's own price is cut at the trillionth.
        assert 0 <= row["spent"] - row["spent_by_messages"] <= row["messages"] * Decimal("1E-12")
    return books, charges


def _check_units(balances: list[Any]) -> None:
    for row in balances:
        assert row["reserved"] == row["open_by_entries"] == row["open_by_messages"]
        assert row["used"] == row["used_by_entries"]
        assert 0 <= row["from_credits"] <= row["used"] + row["reserved"]


def _check_lots(lots: list[Any]) -> None:
    for row in lots:
        assert row["is_bought_by_entries"]
        assert row["reserved"] == row["open_by_entries"] == row["open_by_holds"]
        assert (row["used"], row["expired"]) == (row["used_by_entries"], row["expired_by_entries"])
