"""Keeps what the provider counted: the last that was heard of each day and category."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from portal.database import TenantTransaction
from portal.usage.periods import Days
from portal.usage.provider import ProviderUsage

_NOTHING = Decimal(0)


async def record_usage(tx: TenantTransaction, days: Days, heard: Sequence[ProviderUsage], *, now: datetime) -> None:
    """Keep an answer about these days; what is as of a later instant already stays.

    A category that the answer leaves out of a day that it tells of has nothing, also where it had something before.
    """
    rows = await tx.rows(_KNOWN, tx.tenant_id, days.first, days.until)
    known = {(row["day"], row["category"]): (row["count_unit"], row["usage_unit"], row["price_unit"]) for row in rows}
    told = {(one.day, one.category): one for one in heard}
    kept = [*told.values(), *_left_out(told.values(), known)]
    await tx.execute(
        _KEEP,
        *(tx.tenant_id, [one.day for one in kept], [one.category for one in kept]),
        *([one.count for one in kept], [one.count_unit for one in kept]),
        *([one.usage for one in kept], [one.usage_unit for one in kept]),
        *([one.price for one in kept], [one.price_unit for one in kept]),
        *([one.as_of for one in kept], now),
    )


def _left_out(
    told: Iterable[ProviderUsage], known: dict[tuple[date, str], tuple[str, str, str]]
) -> list[ProviderUsage]:
    """A record of nothing for each category that is known of a day and that the answer about that day leaves out."""
    by_day: dict[date, dict[str, ProviderUsage]] = {}
    for one in told:
        by_day.setdefault(one.day, {})[one.category] = one
    return [
        ProviderUsage(day, category, _NOTHING, units[0], _NOTHING, units[1], _NOTHING, units[2], _as_of(by_day[day]))
        for (day, category), units in known.items()
        if day in by_day and category not in by_day[day]
    ]


def _as_of(of_day: dict[str, ProviderUsage]) -> datetime:
    return min(one.as_of for one in of_day.values())


_KNOWN = (
    "SELECT day, category, count_unit, usage_unit, price_unit FROM usage_record "
    "WHERE tenant_id = $1 AND day >= $2 AND day < $3 AND (count <> 0 OR usage <> 0 OR price <> 0)"
)
_KEEP = (
    "INSERT INTO usage_record (tenant_id, day, category, count, count_unit, usage, usage_unit, price, price_unit, "
    "as_of, synced_at) SELECT $1, heard.*, $11 FROM unnest($2::date[], $3::text[], $4::numeric[], $5::text[], "
    "$6::numeric[], $7::text[], $8::numeric[], $9::text[], $10::timestamptz[]) AS heard "
    "ON CONFLICT (tenant_id, day, category) DO UPDATE SET count = excluded.count, count_unit = excluded.count_unit, "
    "usage = excluded.usage, usage_unit = excluded.usage_unit, price = excluded.price, "
    "price_unit = excluded.price_unit, as_of = excluded.as_of, synced_at = excluded.synced_at "
    "WHERE usage_record.as_of <= excluded.as_of"
)
