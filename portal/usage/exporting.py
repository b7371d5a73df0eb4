"""Usage as CSV, a row for each day and category: the same numbers as a report that is cut into days."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from portal.database import Transaction
from portal.money.money import EXACT, Money
from portal.usage.categories import CATEGORIES
from portal.usage.periods import Days, UsageBucketSize
from portal.usage.reading import Bucket, CategoryTotal, UsageQuestion, read_usage

_AT_ONCE = timedelta(days=92)  # read and written together: memory stays flat, whatever the range
_SHOWN = Decimal("1E-10")
_COLUMNS = ("day", "category", "label", "count", "count_unit", "usage", "usage_unit")
_OF_PRICE = ("price", "price_currency", "price_basis")
_OF_COST = ("cost", "cost_currency")


@dataclass(frozen=True, slots=True)
class Export:
    """Whose usage of which days, and which amounts of money whoever asks may see."""

    tenant_id: UUID
    days: Days
    with_price: bool
    with_cost: bool


async def export_lines(
    reading: Callable[[], AbstractAsyncContextManager[Transaction]], asked: Export, *, now: datetime
) -> AsyncIterator[str]:
    """The header, then some days at a time; by RFC 4180. Days to come and days without usage have no row.

    Every text in it is a word of the portal's own, so that no spreadsheet works one out.
    """
    yield _written([[*_COLUMNS, *(_OF_PRICE if asked.with_price else ()), *(_OF_COST if asked.with_cost else ())]])
    first, until = asked.days.first, min(asked.days.until, now.astimezone(UTC).date() + timedelta(days=1))
    while first < until:
        part = Days(first, min(first + _AT_ONCE, until))
        question = UsageQuestion(part, UsageBucketSize.DAY, with_money=asked.with_price or asked.with_cost)
        async with reading() as tx:
            report = (await read_usage(tx, [asked.tenant_id], question, now=now))[asked.tenant_id]
        yield _written(row for bucket in report.buckets for row in _rows(bucket, asked))
        first = part.until


def _rows(bucket: Bucket, asked: Export) -> Iterator[list[str]]:
    for total in bucket.categories:
        money = _price(total) if asked.with_price else []
        yield [*_counted(bucket.start.date(), total), *money, *(_amount(total.cost) if asked.with_cost else [])]


def _counted(day: date, total: CategoryTotal) -> list[str]:
    known = CATEGORIES[total.category]
    counted = [str(total.count), known.count_unit, str(total.usage), known.usage_unit]
    return [day.isoformat(), total.category, known.label, *counted]


def _price(total: CategoryTotal) -> list[str]:
    return [*_amount(total.price), "" if total.basis is None else total.basis.value]


def _amount(money: Money | None) -> list[str]:
    return (
        ["", ""] if money is None else [f"{money.amount.quantize(_SHOWN, context=EXACT).normalize():f}", money.currency]
    )


def _written(rows: Iterable[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()
