"""Drawing on lots: held for a message when it is accepted, used up when it is handed over, or given back.

What is held of a lot that lapses meanwhile stays held: it was good when it was taken.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.clock import new_id
from portal.credits.lots import FIRST_TO_EXPIRE
from portal.credits.statement import CreditEntryKind
from portal.database import TenantTransaction


@dataclass(frozen=True, slots=True)
class Draw:
    """What a message takes of credits."""

    message_id: UUID
    units: int


@dataclass(frozen=True, slots=True)
class Hold:
    """What a message holds of a lot."""

    message_id: UUID
    lot_id: UUID
    units: int


def allot(lots: Sequence[tuple[UUID, int]], draws: Iterable[Draw]) -> list[Hold]:
    """Serve messages from lots, both in their order; who comes when nothing is left gets less, or nothing. Pure."""
    holds: list[Hold] = []
    left = iter(lots)
    lot_id, remaining = next(left, (None, 0))
    for one in draws:
        wanted = one.units
        while wanted and lot_id is not None:
            if taken := min(wanted, remaining):
                holds.append(Hold(one.message_id, lot_id, taken))
                wanted, remaining = wanted - taken, remaining - taken
            if not remaining:
                lot_id, remaining = next(left, (None, 0))
    return holds


async def draw(
    tx: TenantTransaction,
    lots: Sequence[tuple[UUID, int]],
    draws: Sequence[Draw],
    batches: Mapping[UUID, UUID],
    *,
    now: datetime,
) -> int:
    """Hold units of lots that this transaction locked, for messages of these batches; how many that were in all."""
    holds = allot(lots, draws)
    if not holds:
        return 0
    await tx.execute(
        "WITH hold AS (SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::bigint[]) AS h (message_id, lot_id, units)), "
        "held AS (INSERT INTO credit_hold (tenant_id, message_id, lot_id, units) "
        "SELECT $1, message_id, lot_id, units FROM hold) "
        "UPDATE credit_lot AS lot SET reserved = reserved + total.units "
        "FROM (SELECT lot_id, sum(units) AS units FROM hold GROUP BY lot_id) AS total "
        "WHERE lot.tenant_id = $1 AND lot.id = total.lot_id",
        tx.tenant_id,
        [hold.message_id for hold in holds],
        [hold.lot_id for hold in holds],
        [hold.units for hold in holds],
    )
    totals = _totals((hold.lot_id, batches[hold.message_id], CreditEntryKind.RESERVE, hold.units) for hold in holds)
    await _write_entries(tx, totals, now=now)
    return sum(hold.units for hold in holds)


async def end_holds(
    tx: TenantTransaction, ended: dict[UUID, tuple[UUID, CreditEntryKind]], *, now: datetime
) -> dict[UUID, int]:
    """End what messages hold: settled as used, or given back to the same lot; each message with its batch.

    Args:
        tx: a transaction that has locked the messages and their allowance's balance.
        ended: by message: its batch, and SETTLE or GIVE_BACK.
        now: the present instant.

    Returns:
        What each message had held, of those that held anything.
    """
    holds = await tx.rows(
        "SELECT hold.message_id, hold.lot_id, hold.units FROM credit_hold AS hold "  # noqa: S608  a constant
        "JOIN credit_lot AS lot ON lot.tenant_id = hold.tenant_id AND lot.id = hold.lot_id "
        "WHERE hold.tenant_id = $1 AND hold.message_id = ANY($2::uuid[]) "
        f"ORDER BY {FIRST_TO_EXPIRE} FOR UPDATE OF lot",
        tx.tenant_id,
        list(ended),
    )
    if not holds:
        return {}
    totals = _totals((hold["lot_id"], *ended[hold["message_id"]], hold["units"]) for hold in holds)
    await tx.execute(
        "WITH ended AS (DELETE FROM credit_hold WHERE tenant_id = $1 AND message_id = ANY($2::uuid[])) "
        "UPDATE credit_lot AS lot SET reserved = reserved - total.units, used = used + total.settled "
        "FROM (SELECT lot_id, sum(units) AS units, coalesce(sum(units) FILTER (WHERE kind = 'SETTLE'), 0) AS settled "
        "FROM unnest($3::uuid[], $4::text[], $5::bigint[]) AS given (lot_id, kind, units) GROUP BY lot_id) AS total "
        "WHERE lot.tenant_id = $1 AND lot.id = total.lot_id",
        tx.tenant_id,
        list(ended),
        [key[0] for key in totals],
        [key[2].value for key in totals],
        [units for units, _ in totals.values()],
    )
    await _write_entries(tx, totals, now=now)
    held: dict[UUID, int] = {}
    for hold in holds:
        held[hold["message_id"]] = held.get(hold["message_id"], 0) + hold["units"]
    return held


_Key = tuple[UUID, UUID, CreditEntryKind]


def _totals(changes: Iterable[tuple[UUID, UUID, CreditEntryKind, int]]) -> dict[_Key, tuple[int, int]]:
    """Units and messages by lot, batch and kind."""
    totals: dict[_Key, tuple[int, int]] = {}
    for lot_id, batch_id, kind, units in changes:
        before = totals.get((lot_id, batch_id, kind), (0, 0))
        totals[lot_id, batch_id, kind] = (before[0] + units, before[1] + 1)
    return totals


async def _write_entries(tx: TenantTransaction, totals: dict[_Key, tuple[int, int]], *, now: datetime) -> None:
    await tx.execute(
        "INSERT INTO credit_entry (tenant_id, id, lot_id, kind, units, batch_id, messages, at) "
        "SELECT $1, e.id, e.lot_id, e.kind, e.units, e.batch_id, e.messages, $8 "
        "FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::uuid[], $7::integer[]) "
        "AS e (id, lot_id, kind, units, batch_id, messages)",
        tx.tenant_id,
        [new_id(now) for _ in totals],
        [lot_id for lot_id, _, _ in totals],
        [kind.value for _, _, kind in totals],
        [units for units, _ in totals.values()],
        [batch_id for _, batch_id, _ in totals],
        [messages for _, messages in totals.values()],
        now,
    )
