"""Back-tests a draft of a plan on the past months of all tenants, some at a time; it changes nothing."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

from portal.database import Database, DatabaseRole, Transaction
from portal.economics.figures import Conversion
from portal.plans.catalogue import CatalogueProblem, completed
from portal.plans.checking import PlanContent, PlanProblem, problems_of
from portal.plans.proration import first_instant
from portal.problems import Problem, RefusedError, refuse
from portal.rates.cards import read_current_card
from portal.rerating.backtest import Backtest, MonthCompared
from portal.rerating.months import Records, firsts, whole_months
from portal.rerating.reading import read_records
from portal.usage.periods import Days

MOST_MONTHS = 24
_AT_ONCE = 25  # tenants
_NEXT = "SELECT id FROM tenant WHERE created_at < $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3"


async def backtest_plan(database: Database, content: PlanContent, months: int, *, now: datetime) -> Backtest:
    """What all tenants' last whole months would have come to, if each had held this plan whenever it held any.

    Raises:
        RefusedError: all that is wrong with the plan or the number of months, or nobody can say what usage costs in
            the plan's currency.
    """
    problems = problems_of(content)
    if not 1 <= months <= MOST_MONTHS:
        message = f"Ask for 1 to {MOST_MONTHS} months."
        problems.append(Problem(PlanProblem.OUT_OF_RANGE, message, ("months",)))
    if problems:
        raise RefusedError(problems)
    terms = completed(content).terms
    async with database.as_role(DatabaseRole.OPERATOR, read_only=True) as tx:
        card = await read_current_card(tx)
    if terms.currency not in {card.currency, *card.exchange_rates}:
        message = f"Publish a rate card in {terms.currency}, or one with an exchange rate for it, first."
        raise refuse(CatalogueProblem.NO_EXCHANGE_RATE, message, "currency")
    span = whole_months(now.astimezone(UTC).date(), months)
    test = Backtest(terms, {month: MonthCompared(month) for month in firsts(span)})
    async for some in _batches(database, span):
        await asyncio.to_thread(test.add, some, span, Conversion(card))  # long sums keep nobody waiting
    return test


async def _batches(database: Database, span: Days) -> AsyncIterator[list[Records]]:
    last: UUID | None = None
    while True:
        async with database.as_role(DatabaseRole.OPERATOR, read_only=True) as tx:
            ids = await _next_tenants(tx, span, last)
            some = await read_records(tx, ids, span)
        yield some
        if len(ids) < _AT_ONCE:
            return
        last = ids[-1]


async def _next_tenants(tx: Transaction, span: Days, last: UUID | None) -> list[UUID]:
    return [row["id"] for row in await tx.rows(_NEXT, first_instant(span.until), last, _AT_ONCE)]
