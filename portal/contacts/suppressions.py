"""The numbers that want no messages, and who said so. Only a number's own START takes it off the list."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from portal.clock import new_id
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.database.keyset import Keyset, Listing, Page, PageRequest, read_page

_COLUMNS = "id, number_masked, source, since"
_NEWEST_FIRST = Keyset("since-", "since", descending=True, of_time=True)


class SuppressionSource(StrEnum):
    """Where the wish came from."""

    STOP = "STOP"
    CARRIER = "CARRIER"
    IMPORT = "IMPORT"
    MANUAL = "MANUAL"
    PREFERENCE = "PREFERENCE"


class SuppressionRow(NamedTuple):
    """Why and since when a number wants no messages."""

    id: UUID
    number_masked: str
    source: SuppressionSource
    since: datetime


@dataclass(frozen=True, slots=True)
class SuppressionFilter:
    """All conditions have to hold; what is left as it is asks for all."""

    sources: tuple[SuppressionSource, ...] | None = None
    last_digits: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def suppression_row(row: Row) -> SuppressionRow:
    """A record with the columns of a suppression."""
    return SuppressionRow(row["id"], row["number_masked"], SuppressionSource(row["source"]), row["since"])


async def suppress(tx: TenantTransaction, number: str, source: SuppressionSource, *, now: datetime) -> None:
    """Put a number on the list; one that is there keeps its first source and time."""
    await suppress_all(tx, [number], source, now=now)


async def suppress_all(
    tx: TenantTransaction, numbers: Collection[str], source: SuppressionSource, *, now: datetime
) -> None:
    """Put numbers on the list, in one statement."""
    await tx.execute(
        "INSERT INTO suppression (tenant_id, id, number, source, since) SELECT $1, s.id, s.number, $4, $5 "
        "FROM unnest($2::uuid[], $3::text[]) AS s (id, number) ON CONFLICT (tenant_id, number) DO NOTHING",
        tx.tenant_id,
        [new_id(now) for _ in numbers],
        sorted(numbers),  # whoever puts several there does so in one order
        source.value,
        now,
    )


async def release(tx: TenantTransaction, number: str, *, asked_at: datetime) -> None:
    """Take a number off the list because its owner asked for it then; a wish of later stays."""
    await tx.execute(
        "WITH released AS (DELETE FROM suppression WHERE tenant_id = $1 AND number = $2 AND since <= $3 "
        "RETURNING number) UPDATE consumer SET channel = NULL FROM released "
        "WHERE consumer.tenant_id = $1 AND consumer.number = released.number AND channel = 'NONE'",
        *(tx.tenant_id, number, asked_at),
    )


async def read_suppressions(
    tx: TenantTransaction, request: PageRequest, only: SuppressionFilter
) -> Page[SuppressionRow]:
    """A page of what the filter lets through of the list, what came last first."""
    conditions, arguments = ["tenant_id = $1"], list[object]([tx.tenant_id])
    for condition, value in (
        ("source = ANY({}::text[])", only.sources),
        ("right(number, length({0})) = {0}", only.last_digits),
        ("since >= {}", only.since),
        ("since < {}", only.until),
    ):
        if value is not None:
            arguments.append(value)
            conditions.append(condition.format(f"${len(arguments)}"))
    listing = Listing(_COLUMNS, "suppression", "id", conditions, arguments)
    return await read_page(tx, listing, _NEWEST_FIRST, request, suppression_row)


async def read_suppressions_by_id(tx: TenantTransaction, ids: Sequence[UUID]) -> dict[UUID, SuppressionRow]:
    """Those of these suppressions that the tenant has, in one statement."""
    sql = f"SELECT {_COLUMNS} FROM suppression WHERE tenant_id = $1 AND id = ANY($2::uuid[])"  # noqa: S608  constants
    return {row["id"]: suppression_row(row) for row in await tx.rows(sql, tx.tenant_id, list(ids))}


async def read_suppressions_of(tx: TenantTransaction, numbers: Collection[str]) -> dict[str, SuppressionRow]:
    """The suppressions of those of these numbers that have one, in one statement."""
    sql = f"SELECT number, {_COLUMNS} FROM suppression WHERE tenant_id = $1 AND number = ANY($2::text[])"  # noqa: S608  constants
    return {row["number"]: suppression_row(row) for row in await tx.rows(sql, tx.tenant_id, list(numbers))}
