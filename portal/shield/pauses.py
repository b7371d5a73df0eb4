"""Pauses: what looks like fraud is refused until somebody of the tenant says that it is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from portal.alerts.catalogue import AlertKind
from portal.alerts.raising import Occurrence, raise_alerts
from portal.clock import new_id
from portal.database import TenantTransaction
from portal.problems import refuse
from portal.shield.areas import Area, TrafficKind
from portal.shield.detector import PauseReason

# Of a row of `message`, with the tenant in $1.
_STOPPED_BY = (
    "pause.tenant_id = $1 AND pause.kind = 'SMS' AND pause.released_at IS NULL "
    "AND pause.country = coalesce(message.recipient_country, '') "
    "AND starts_with(message.recipient_number, pause.prefix)"
)
IS_STOPPED = f"EXISTS (SELECT FROM traffic_pause AS pause WHERE {_STOPPED_BY})"
"""The condition that messages to the recipient of a row of `message` are paused; $1 is the tenant."""
GRACE = timedelta(hours=24)  # after a release: whoever said that it is none is believed for so long


class ReleaseProblem(StrEnum):
    """Why a pause is not released."""

    NOT_FOUND = "NOT_FOUND"
    RELEASED = "RELEASED"


@dataclass(slots=True)
class Avoided:
    """What was refused: how many, and what they would have come to by the rate card and by the plan."""

    count: int = 0
    cost: Decimal = Decimal(0)
    price: Decimal = Decimal(0)

    def add(self, cost: Decimal, price: Decimal) -> None:
        """One more."""
        self.count += 1
        self.cost += cost
        self.price += price


@dataclass(frozen=True, slots=True)
class Standing:
    """The areas that are paused, with the id of each pause, and those that have their grace."""

    paused: Mapping[Area, UUID]
    spared: frozenset[Area]

    def pause_of(self, area: Area) -> UUID | None:
        """The pause that stops an area: its own, or its country's."""
        return self.paused.get(area) or self.paused.get(area.whole_country)


async def read_standing(tx: TenantTransaction, kind: TrafficKind, *, now: datetime) -> Standing:
    """What is paused of a kind, in one statement."""
    rows = await tx.rows(
        "SELECT id, country, prefix, released_at IS NULL AS holds FROM traffic_pause "
        "WHERE tenant_id = $1 AND kind = $2 AND (released_at IS NULL OR grace_until > $3)",
        tx.tenant_id,
        kind.value,
        now,
    )
    areas = [(Area(row["country"], row["prefix"]), row) for row in rows]
    paused = {area: row["id"] for area, row in areas if row["holds"]}
    return Standing(paused, frozenset(area for area, row in areas if not row["holds"]))


async def pause(
    tx: TenantTransaction,
    kind: TrafficKind,
    areas: Mapping[Area, PauseReason],
    currencies: tuple[str, str],
    *,
    now: datetime,
) -> dict[Area, UUID]:
    """Stop these areas and raise an alert for each; what is paused already stays as it is. Near the end: it raises."""
    if not areas:
        return {}
    rows = await tx.rows(
        "INSERT INTO traffic_pause "
        "(tenant_id, id, kind, country, prefix, reason, paused_at, cost_currency, price_currency) "
        "SELECT $1, p.id, $2, p.country, p.prefix, p.reason, $3, $4, $5 "
        "FROM unnest($6::uuid[], $7::text[], $8::text[], $9::text[]) AS p (id, country, prefix, reason) "
        "ON CONFLICT (tenant_id, kind, country, prefix) WHERE released_at IS NULL DO NOTHING "
        "RETURNING id, country, prefix, reason",
        *(tx.tenant_id, kind.value, now, *currencies),
        [new_id(now) for _ in areas],
        [area.country for area in areas],
        [area.prefix for area in areas],
        [reason.value for reason in areas.values()],
    )
    occurred = [Occurrence(AlertKind.FRAUD, kind.value, f"pause {row['id']}", now) for row in rows]
    await raise_alerts(tx, occurred, now=now)
    return {Area(row["country"], row["prefix"]): row["id"] for row in rows}


async def add_avoided(tx: TenantTransaction, avoided: Mapping[UUID, Avoided]) -> None:
    """Add to what pauses have refused."""
    rows = sorted(avoided.items())
    if rows:
        await tx.execute(
            "UPDATE traffic_pause AS p SET refused = p.refused + a.count, cost = p.cost + a.cost, "
            "price = p.price + a.price FROM unnest($2::uuid[], $3::bigint[], $4::numeric[], $5::numeric[]) "
            "AS a (id, count, cost, price) WHERE p.tenant_id = $1 AND p.id = a.id",
            tx.tenant_id,
            [pause_id for pause_id, _ in rows],
            [own.count for _, own in rows],
            [own.cost for _, own in rows],
            [own.price for _, own in rows],
        )


async def add_canceled(tx: TenantTransaction, message_ids: Sequence[UUID]) -> None:
    """Add messages that waited and were canceled to what the pause that stopped each has refused."""
    await tx.execute(
        "WITH stopped AS (SELECT DISTINCT ON (message.id) pause.id, message.cost, message.price FROM message "  # noqa: S608  constants
        f"JOIN traffic_pause AS pause ON {_STOPPED_BY} "
        "WHERE message.tenant_id = $1 AND message.id = ANY($2::uuid[]) ORDER BY message.id, pause.prefix DESC), "
        "sums AS (SELECT id, count(*) AS count, sum(cost) AS cost, sum(price) AS price FROM stopped GROUP BY id) "
        "UPDATE traffic_pause AS p SET refused = p.refused + sums.count, cost = p.cost + sums.cost, "
        "price = p.price + sums.price FROM sums WHERE p.tenant_id = $1 AND p.id = sums.id",
        tx.tenant_id,
        list(message_ids),
    )


async def release(tx: TenantTransaction, pause_id: UUID, released_by: str, *, now: datetime) -> None:
    """Let traffic go there again, and spare it for a day.

    Raises:
        RefusedError: there is no such pause, or it is released already.
    """
    sql = (
        "UPDATE traffic_pause SET released_at = $3, released_by_name = $4, grace_until = $5 "
        "WHERE tenant_id = $1 AND id = $2 AND released_at IS NULL"
    )
    if await tx.execute(sql, tx.tenant_id, pause_id, now, released_by, now + GRACE):
        return
    if await tx.value("SELECT 1 FROM traffic_pause WHERE tenant_id = $1 AND id = $2", tx.tenant_id, pause_id):
        raise refuse(ReleaseProblem.RELEASED, "It is released already.", "id")
    raise refuse(ReleaseProblem.NOT_FOUND, "There is no such pause.", "id")
