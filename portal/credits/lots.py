"""The lots of a tenant: which may be drawn on, and what each has left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from uuid import UUID

from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.money.money import EXACT, Money
from portal.pricing.terms import UsageUnit

_CENT = Decimal("0.01")
_COLUMNS = (
    "id, credits, units, unit, price, currency, used, reserved, expired, purchased_at, bought_by_kind, bought_by_name, "
    "usable_at, paid_at, expires_at"
)
# Whoever draws on lots locks them in this order.
FIRST_TO_EXPIRE = "expires_at NULLS LAST, id"


def usable_at(instant: str) -> str:
    """The condition on lots that may be drawn on at this parameter of a statement."""
    return f"usable_at <= {instant} AND (expires_at IS NULL OR expires_at > {instant})"


@dataclass(frozen=True, slots=True)
class Lot:
    """A pack that was bought; it is counted in units."""

    id: UUID
    credits: int
    units: int
    unit: UsageUnit
    price: Money
    used: int
    reserved: int
    expired: int
    purchased_at: datetime
    bought_by_kind: str
    bought_by_name: str
    usable_at: datetime | None  # None: it waits for its payment
    paid_at: datetime | None
    expires_at: datetime | None

    @property
    def remaining(self) -> int:
        """The units that nothing has taken."""
        return self.units - self.used - self.reserved - self.expired

    def is_usable(self, now: datetime) -> bool:
        """Whether it may be drawn on."""
        is_over = self.expires_at is not None and self.expires_at <= now
        return self.usable_at is not None and self.usable_at <= now and not is_over


@dataclass(frozen=True, slots=True)
class CreditAccount:
    """A tenant's credits in the unit that its plan counts."""

    unit: UsageUnit
    lots: tuple[Lot, ...]  # the first to expire first
    limit: Money | None  # of credits that may be used before they are paid
    now: datetime

    @property
    def units(self) -> int:
        """What may be drawn on."""
        return sum(lot.remaining for lot in self._usable)

    @property
    def balance(self) -> Decimal:
        """The same in credits, rounded down to a hundredth."""
        shares = [EXACT.divide(Decimal(lot.remaining * lot.credits), Decimal(lot.units)) for lot in self._usable]
        return sum(shares, Decimal(0)).quantize(_CENT, rounding=ROUND_DOWN)

    @property
    def _usable(self) -> list[Lot]:
        return [lot for lot in self.lots if lot.unit is self.unit and lot.is_usable(self.now)]


async def read_account(tx: TenantTransaction, unit: UsageUnit, *, now: datetime) -> CreditAccount:
    """The tenant's credits."""
    sql = f"SELECT {_COLUMNS} FROM credit_lot WHERE tenant_id = $1 ORDER BY {FIRST_TO_EXPIRE}"  # noqa: S608  constants
    rows = await tx.rows(sql, tx.tenant_id)
    account = await tx.row("SELECT currency, credit_limit FROM billing_account WHERE tenant_id = $1", tx.tenant_id)
    limit = None if account is None else Money(account["credit_limit"], account["currency"])
    return CreditAccount(unit, tuple(_lot(row) for row in rows), limit, now)


async def read_lots_by_id(tx: TenantTransaction, ids: Sequence[UUID]) -> dict[UUID, Lot]:
    """Those of these lots that the tenant has."""
    sql = f"SELECT {_COLUMNS} FROM credit_lot WHERE tenant_id = $1 AND id = ANY($2::uuid[])"  # noqa: S608  constants
    return {row["id"]: _lot(row) for row in await tx.rows(sql, tx.tenant_id, list(ids))}


async def lock_usable(tx: TenantTransaction, unit: UsageUnit, *, now: datetime) -> list[tuple[UUID, int]]:
    """The lots that may be drawn on and what each has left, in the order in which they are; locked."""
    rows = await tx.rows(
        "SELECT id, units - used - reserved - expired AS remaining FROM credit_lot "  # noqa: S608  constants
        f"WHERE tenant_id = $1 AND unit = $2 AND {usable_at('$3')} ORDER BY {FIRST_TO_EXPIRE} FOR UPDATE",
        tx.tenant_id,
        unit.value,
        now,
    )
    return [(row["id"], row["remaining"]) for row in rows if row["remaining"]]


def _lot(row: Row) -> Lot:
    return Lot(
        id=row["id"],
        credits=row["credits"],
        units=row["units"],
        unit=UsageUnit(row["unit"]),
        price=Money(row["price"], row["currency"]),
        used=row["used"],
        reserved=row["reserved"],
        expired=row["expired"],
        purchased_at=row["purchased_at"],
        bought_by_kind=row["bought_by_kind"],
        bought_by_name=row["bought_by_name"],
        usable_at=row["usable_at"],
        paid_at=row["paid_at"],
        expires_at=row["expires_at"],
    )
