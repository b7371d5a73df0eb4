"""Keeps what was judged: one row for a tenant, day and category, whoever looks at it and however often."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from portal.clock import new_id
from portal.database import Transaction
from portal.reconciliation.books import Judged

_AGREES = "Both sides agree by now."
# Rows are taken in one order, so that two who keep the same ones wait in no circle.
_KEEP = """
INSERT INTO discrepancy AS before (tenant_id, id, day, category, ours, theirs, our_cost, their_cost, currency, reason,
  found_at, seen_at)
SELECT *, $11::timestamptz, $11::timestamptz FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::text[], $5::numeric[],
  $6::numeric[], $7::numeric[], $8::numeric[], $9::text[], $10::text[])
ON CONFLICT (tenant_id, day, category) DO UPDATE SET ours = excluded.ours, theirs = excluded.theirs,
  our_cost = excluded.our_cost, their_cost = excluded.their_cost, currency = excluded.currency,
  reason = excluded.reason, seen_at = excluded.seen_at, closed_at = CASE WHEN
    (before.ours, before.theirs, before.our_cost, before.their_cost, before.reason) IS NOT DISTINCT FROM
    (excluded.ours, excluded.theirs, excluded.our_cost, excluded.their_cost, excluded.reason)
  THEN before.closed_at END
"""
_CLOSE = """
UPDATE discrepancy SET ours = agreed.ours, theirs = agreed.theirs, our_cost = agreed.our_cost,
  their_cost = agreed.their_cost, seen_at = $9, closed_at = $9, closed_by_name = NULL, note = agreed.note
FROM unnest($1::uuid[], $2::date[], $3::text[], $4::numeric[], $5::numeric[], $6::numeric[], $7::numeric[], $8::text[])
  AS agreed (tenant_id, day, category, ours, theirs, our_cost, their_cost, note)
WHERE discrepancy.tenant_id = agreed.tenant_id AND discrepancy.day = agreed.day
  AND discrepancy.category = agreed.category AND closed_at IS NULL
"""


async def keep(
    tx: Transaction,
    judged: Sequence[Judged],
    corrected: Mapping[tuple[UUID, date, str], str] | None = None,
    *,
    now: datetime,
) -> None:
    """Keep what differs, and close what agrees by now, with a note on what was `corrected`; in the operator's role.

    What was closed stays closed, unless its figures change.
    """
    judged = sorted(judged, key=_place)
    differing = [one for one in judged if one.reason is not None]
    agreeing = [one for one in judged if one.reason is None]
    if differing:
        await tx.execute(
            _KEEP,
            [one.tenant_id for one in differing],
            [new_id(now) for _ in differing],
            [one.compared.day for one in differing],
            [one.compared.category for one in differing],
            *_sides(differing),
            [one.currency for one in differing],
            [one.reason for one in differing],
            now,
        )
    if agreeing:
        await tx.execute(
            _CLOSE,
            [one.tenant_id for one in agreeing],
            [one.compared.day for one in agreeing],
            [one.compared.category for one in agreeing],
            *_sides(agreeing),
            [(corrected or {}).get(_place(one), _AGREES) for one in agreeing],
            now,
        )


def _place(one: Judged) -> tuple[UUID, date, str]:
    return one.tenant_id, one.compared.day, one.compared.category


def _sides(judged: Sequence[Judged]) -> tuple[list[Decimal | None], ...]:
    sides = [(one.compared.ours, one.compared.theirs) for one in judged]
    return (
        [Decimal(ours.count) for ours, _ in sides],
        [theirs.count for _, theirs in sides],
        [ours.cost for ours, _ in sides],
        [theirs.price for _, theirs in sides],
    )
