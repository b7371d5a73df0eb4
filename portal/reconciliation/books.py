"""Reads both sides: what the provider wrote of tenants' days, and what the portal counted on them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from portal.database import Transaction
from portal.database.connection import Row
from portal.rates.cards import read_current_card
from portal.reconciliation.rules import COMPARED, FAILED_FEE, Compared, DiscrepancyReason, Ours, Theirs, judge
from portal.usage.categories import MESSAGES_OUT
from portal.usage.costing import is_final
from portal.usage.periods import Days
from portal.usage.usage import SMS_OUTBOUND

OLD = timedelta(days=3)  # past a day's end: a count that does not hold the whole day by then is told of as late
_DAY = timedelta(days=1)
_SPAN = "FROM unnest($1::uuid[], $2::date[], $3::date[]) AS span (tenant_id, first, until) JOIN {table} AS own "
_WHERE = "ON own.tenant_id = span.tenant_id AND own.day >= span.first AND own.day < span.until AND category = ANY($4)"
_OURS = f"SELECT own.tenant_id, day, category, count, usage, cost {_SPAN.format(table='usage_day')}{_WHERE}"
_THEIRS = (
    f"SELECT own.tenant_id, day, category, count, usage, price, price_unit, as_of "
    f"{_SPAN.format(table='usage_record')}{_WHERE}"
)


@dataclass(frozen=True, slots=True)
class Read:
    """Days of a tenant that were read from the provider, as of an instant."""

    tenant_id: UUID
    days: Days
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """A category of a tenant's day that is looked at; `reason` is None where both sides agree."""

    tenant_id: UUID
    compared: Compared
    reason: DiscrepancyReason | None
    currency: str


async def judge_days(tx: Transaction, reads: Sequence[Read], *, now: datetime) -> list[Judged]:
    """Hold both sides of these days against each other, by tenant, day and category.

    A day that the provider's count does not hold whole is left out, unless it is old.
    """
    spans = (
        [one.tenant_id for one in reads],
        # With the days beside them: what is under way at midnight is on one day here, and on the next one there.
        [one.days.first - _DAY for one in reads],
        [one.days.until + _DAY for one in reads],
    )
    currency = (await read_current_card(tx)).currency
    ours = {_key(row): row for row in await tx.rows(_OURS, *spans, sorted(COMPARED))}
    theirs = {_key(row): row for row in await tx.rows(_THEIRS, *spans, sorted(COMPARED | {FAILED_FEE}))}
    books = _Books(ours, theirs, currency)
    found = (judged for read in reads for judged in books.judged(read, now))
    return list({(one.tenant_id, one.compared.day, one.compared.category): one for one in found}.values())


_Key = tuple[UUID, date, str]


def _key(row: Row) -> _Key:
    return row["tenant_id"], row["day"], row["category"]


class _Books:
    def __init__(self, ours: dict[_Key, Row], theirs: dict[_Key, Row], currency: str) -> None:
        self._ours = ours
        self._theirs = theirs
        self._currency = currency
        self._named: dict[UUID, set[tuple[date, str]]] = {}
        for tenant_id, day, category in (*ours, *theirs):
            if category in COMPARED:
                self._named.setdefault(tenant_id, set()).add((day, category))

    def judged(self, read: Read, now: datetime) -> Iterator[Judged]:
        tenant_id = read.tenant_id
        for day, category in sorted(self._named.get(tenant_id, ())):
            if not read.days.first <= day < read.days.until:
                continue
            one = self._compared((tenant_id, day, category), read.as_of)
            if not is_final(day, one.theirs.as_of) and not is_final(day, now - OLD):
                continue
            steps = (-_DAY, _DAY) if one.more else ()
            beside = [self._compared((tenant_id, day + step, category), read.as_of) for step in steps]
            yield Judged(tenant_id, one, judge(one, *beside), self._currency_of((tenant_id, day, category)))

    def _compared(self, key: _Key, as_of: datetime) -> Compared:
        tenant_id, day, category = key
        fee = self._theirs.get((tenant_id, day, FAILED_FEE))
        failed = fee["count"] if fee is not None and category == SMS_OUTBOUND else Decimal(0)
        return Compared(day, category, self._our_side(key), self._their_side(key, as_of), failed)

    def _our_side(self, key: _Key) -> Ours:
        row = self._ours.get(key)
        if row is None:
            return Ours(cost=Decimal(0) if key[2] in MESSAGES_OUT else None)
        # Without a rate card nothing is estimated, and amounts of two currencies are not compared.
        is_kept = key[2] in MESSAGES_OUT and (row["cost"] or not row["count"])
        is_comparable = self._currency_of(key) == self._currency
        return Ours(row["count"], row["usage"], row["cost"] if is_kept and is_comparable else None)

    def _currency_of(self, key: _Key) -> str:
        row = self._theirs.get(key)
        return self._currency if row is None else str(row["price_unit"])

    def _their_side(self, key: _Key, as_of: datetime) -> Theirs:
        row = self._theirs.get(key)
        if row is None:  # a category that is left out has nothing
            return Theirs(as_of)
        return Theirs(row["as_of"], row["count"], row["usage"], row["price"])
