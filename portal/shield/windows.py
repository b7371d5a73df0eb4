"""How much went to each area, in quarters of an hour: added to as it is accepted, so that no message is ever counted.

A window keeps strangers' numbers for as long as it is looked at, and retention deletes it with them after two days.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from portal.clock import new_id
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.shield.areas import Area, TrafficKind, area_of
from portal.shield.detector import MOST_NUMBERS

WINDOW = timedelta(minutes=15)
LOOKED_AT = timedelta(hours=2)
TIME_TO_ANSWER = timedelta(minutes=15)  # after the end of its window


@dataclass(slots=True)
class Added:
    """What this transaction adds to an area's window."""

    sent: int = 0
    strangers: int = 0
    numbers: list[int] = field(default_factory=list)


def window_of(at: datetime) -> datetime:
    """When the window of an instant began."""
    return at - timedelta(seconds=at.timestamp() % WINDOW.total_seconds())


def is_due(started_at: datetime, now: datetime) -> bool:
    """Whether all that was sent in a window had its time to be answered."""
    return started_at + WINDOW + TIME_TO_ANSWER <= now


async def read_windows(tx: TenantTransaction, kind: TrafficKind, areas: Iterable[Area], *, now: datetime) -> list[Row]:
    """The windows of these areas that are looked at: area, started_at, sent, answered, strangers, numbers."""
    sought = list(areas)
    return await tx.rows(
        "SELECT country, prefix, started_at, sent, answered, strangers, numbers FROM traffic_window "
        "WHERE tenant_id = $1 AND kind = $2 AND started_at > $3 AND (country, prefix) IN "
        "(SELECT * FROM unnest($4::text[], $5::text[]))",
        tx.tenant_id,
        kind.value,
        now - LOOKED_AT - WINDOW,
        [area.country for area in sought],
        [area.prefix for area in sought],
    )


async def add_to_windows(
    tx: TenantTransaction, kind: TrafficKind, added: Mapping[Area, Added], *, now: datetime
) -> None:
    """Add what was accepted now. Last of all in a transaction, behind alerts, in the order of areas."""
    rows = sorted(added.items())
    if not rows:
        return
    await tx.execute(
        "INSERT INTO traffic_window AS w "
        "(tenant_id, id, kind, country, prefix, started_at, sent, answered, strangers, numbers) "
        "SELECT $1, a.id, $2, a.country, a.prefix, $3, a.sent, 0, a.strangers, "
        "string_to_array(a.numbers, ',')::bigint[] FROM unnest("
        "$4::uuid[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::text[]) "
        "AS a (id, country, prefix, sent, strangers, numbers) "
        "ON CONFLICT (tenant_id, kind, country, prefix, started_at) DO UPDATE SET sent = w.sent + excluded.sent, "
        "strangers = w.strangers + excluded.strangers, numbers = (w.numbers || excluded.numbers)[:$10]",
        tx.tenant_id,
        kind.value,
        window_of(now),
        [new_id(now) for _ in rows],
        [area.country for area, _ in rows],
        [area.prefix for area, _ in rows],
        [own.sent for _, own in rows],
        [own.strangers for _, own in rows],
        [",".join(map(str, own.numbers)) for _, own in rows],  # an array of arrays cannot be ragged
        MOST_NUMBERS,
    )


async def note_answered(
    tx: TenantTransaction, kind: TrafficKind, answered: Sequence[tuple[str, str | None, datetime]]
) -> None:
    """Count what was delivered or picked up: each number with its country, and when that was accepted.

    Last of all in a transaction, behind alerts. Where nothing is kept of an area, nothing is counted.
    """
    counts: dict[tuple[Area, datetime], int] = {}
    for number, country, at in answered:
        key = (area_of(number, country), window_of(at))
        counts[key] = counts.get(key, 0) + 1
    if not counts:
        return
    rows = sorted(counts.items())
    await tx.execute(
        "WITH told AS (SELECT * FROM unnest($3::text[], $4::text[], $5::timestamptz[], $6::bigint[]) "
        "AS t (country, prefix, started_at, count)), held AS MATERIALIZED ("
        "SELECT w.country, w.prefix, w.started_at, told.count FROM traffic_window AS w "
        "JOIN told USING (country, prefix, started_at) WHERE w.tenant_id = $1 AND w.kind = $2 "
        "ORDER BY w.country, w.prefix, w.started_at FOR UPDATE OF w) "
        "UPDATE traffic_window AS w SET answered = w.answered + held.count FROM held "
        "WHERE w.tenant_id = $1 AND w.kind = $2 "
        "AND (w.country, w.prefix, w.started_at) = (held.country, held.prefix, held.started_at)",
        tx.tenant_id,
        kind.value,
        [area.country for (area, _), _ in rows],
        [area.prefix for (area, _), _ in rows],
        [at for (_, at), _ in rows],
        [count for _, count in rows],
    )


async def forget_numbers(tx: TenantTransaction, numbers: Sequence[str]) -> None:
    """Take numbers out of the windows before their time; how many went there stays. Last of all in a transaction."""
    await tx.execute(
        "WITH held AS MATERIALIZED (SELECT kind, country, prefix, started_at FROM traffic_window "
        "WHERE tenant_id = $1 AND numbers && $2::bigint[] ORDER BY kind, country, prefix, started_at FOR UPDATE) "
        "UPDATE traffic_window AS w SET numbers = ARRAY(SELECT one FROM unnest(w.numbers) AS one "
        "WHERE one <> ALL($2::bigint[])) FROM held WHERE w.tenant_id = $1 "
        "AND (w.kind, w.country, w.prefix, w.started_at) = (held.kind, held.country, held.prefix, held.started_at)",
        tx.tenant_id,
        [int(number[1:]) for number in numbers if number[1:].isdigit()],
    )
