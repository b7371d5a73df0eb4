"""Corrections of lots: what the provider counted is used up of them, what it did not count is given back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from portal.clock import new_id
from portal.credits.drawing import Draw, allot
from portal.credits.lots import FIRST_TO_EXPIRE, lock_usable
from portal.database import TenantTransaction
from portal.pricing.terms import UsageUnit


async def take(tx: TenantTransaction, unit: UsageUnit, units: int, reason: str, *, now: datetime) -> int:
    """Use up so many units of the lots that may be drawn on, as far as they reach; how many that were."""
    lots = await lock_usable(tx, unit, now=now)
    return await _correct(tx, [(hold.lot_id, hold.units) for hold in allot(lots, [_of(units)])], reason, now=now)


async def give_back(tx: TenantTransaction, unit: UsageUnit, units: int, reason: str, *, now: datetime) -> int:
    """Give back so many units that are used, to the lots that expire last, as far as they go; how many that were."""
    rows = await tx.rows(
        f"SELECT id, used FROM credit_lot WHERE tenant_id = $1 AND unit = $2 ORDER BY {FIRST_TO_EXPIRE} FOR UPDATE",  # noqa: S608  a constant
        *(tx.tenant_id, unit.value),
    )
    lots = [(row["id"], row["used"]) for row in reversed(rows)]
    return -await _correct(tx, [(hold.lot_id, -hold.units) for hold in allot(lots, [_of(units)])], reason, now=now)


def _of(units: int) -> Draw:
    return Draw(UUID(int=0), units)  # of no message


async def _correct(tx: TenantTransaction, used: Sequence[tuple[UUID, int]], reason: str, *, now: datetime) -> int:
    """Write down what is used more of these lots, which are locked; what that is in all."""
    if used:
        await tx.execute(
            "WITH more AS (SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::bigint[]) AS m (entry_id, lot_id, units)), "
            "lot AS (UPDATE credit_lot SET used = used + more.units FROM more "
            "WHERE credit_lot.tenant_id = $1 AND credit_lot.id = more.lot_id) "
            "INSERT INTO credit_entry (tenant_id, id, lot_id, kind, units, reason, at) "
            "SELECT $1, entry_id, lot_id, 'CORRECTION', -units, $5, $6 FROM more",
            tx.tenant_id,
            [new_id(now) for _ in used],
            [lot_id for lot_id, _ in used],
            [units for _, units in used],
            reason,
            now,
        )
    return sum(units for _, units in used)
