"""The catalogue: versions of plans, drafted, published and retired, by the database role `operator`.

A name has one draft and one version on sale at most. Whoever holds a version keeps it, whatever becomes of its name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson

from portal.clock import new_id
from portal.database import TenantTransaction, Transaction
from portal.plans.checking import AT_LIMIT, PlanContent, problems_of
from portal.plans.plans import PLAN_COLUMNS, PlanRow, PlanState, plan_row
from portal.pricing.terms import PlanTerms, PricingStrategy
from portal.problems import RefusedError, refuse
from portal.rates.cards import read_current_card

_BY_PRICE = "ORDER BY plan.currency, plan.fee, plan.name, plan.version"


class CatalogueProblem(StrEnum):
    """Why the catalogue does not change."""

    NOT_FOUND = "NOT_FOUND"
    NO_EXCHANGE_RATE = "NO_EXCHANGE_RATE"
    NOT_PUBLISHED = "NOT_PUBLISHED"


async def read_catalogue(tx: Transaction, state: PlanState | None = None) -> list[PlanRow]:
    """All versions of all plans, or those in this state, the cheapest first."""
    sql = f"SELECT {PLAN_COLUMNS} FROM plan WHERE plan.state = coalesce($1, plan.state) {_BY_PRICE}"  # noqa: S608  constants
    return [plan_row(row) for row in await tx.rows(sql, None if state is None else state.value)]


async def read_plans_on_sale(tx: TenantTransaction) -> list[PlanRow]:
    """The plans that a tenant may choose from and those that it holds, the cheapest first."""
    sql = (
        f"SELECT {PLAN_COLUMNS} FROM plan WHERE plan.state = 'PUBLISHED' OR plan.state = 'RETIRED' AND EXISTS "  # noqa: S608  constants
        f"(SELECT FROM tenant_plan WHERE tenant_id = $1 AND plan_id = plan.id AND until IS NULL) {_BY_PRICE}"
    )
    return [plan_row(row) for row in await tx.rows(sql, tx.tenant_id)]


async def read_plan(tx: Transaction, plan_id: UUID) -> PlanRow | None:
    """This version, whatever its state."""
    row = await tx.row(f"SELECT {PLAN_COLUMNS} FROM plan WHERE plan.id = $1", plan_id)  # noqa: S608  constants
    return None if row is None else plan_row(row)


def completed(content: PlanContent) -> PlanContent:
    """A plan with what follows from the rest of it.

    Raises:
        RefusedError: all that is wrong with it.
    """
    if problems := problems_of(content):
        raise RefusedError(problems)
    terms = content.terms
    other = terms.other_ratio
    if terms.strategy is PricingStrategy.FIXED_MARGIN or (terms.brackets and other is None):
        other = terms.brackets[0].ratio  # one margin on all usage; of a dynamic one the first, unless it says otherwise
    return replace(content, terms=replace(terms, at_limit=AT_LIMIT[terms.strategy], other_ratio=other))


async def draft_plan(tx: Transaction, content: PlanContent, by: str, *, now: datetime) -> PlanRow:
    """Keep this as the draft of its name, in place of the one that there was.

    Raises:
        RefusedError: all that is wrong with it.
    """
    content = completed(content)
    await _lock(tx, content.name)
    return await _write(tx, content, PlanState.DRAFT, by, now=now)


async def publish_plan(tx: Transaction, content: PlanContent, by: str, *, now: datetime) -> PlanRow:
    """Put a new version of this plan on sale: the version before is retired, a draft of the name becomes this one.

    Raises:
        RefusedError: all that is wrong with it, or nobody could say what its usage costs in its currency.
    """
    content = completed(content)
    card = await read_current_card(tx)
    if content.terms.currency not in {card.currency, *card.exchange_rates}:
        message = f"Publish a rate card in {content.terms.currency}, or one with an exchange rate for it, first."
        raise refuse(CatalogueProblem.NO_EXCHANGE_RATE, message, "currency")
    await _lock(tx, content.name)
    await tx.execute(
        "UPDATE plan SET state = 'RETIRED', retired_at = $2, changed_by_name = $3 "
        "WHERE name = $1 AND state = 'PUBLISHED'",
        content.name,
        now,
        by,
    )
    return await _write(tx, content, PlanState.PUBLISHED, by, now=now)


async def add_missing(
    tx: Transaction, plans: Sequence[PlanContent], by: str, *, on_sale: bool, now: datetime
) -> list[PlanRow]:
    """Draft, or put on sale, each of these plans whose name has no version yet; those that were added.

    Raises:
        RefusedError: nobody could say what the usage of one on sale costs in its currency.
    """
    added = []
    for content in plans:
        await _lock(tx, content.name)
        if await tx.value("SELECT EXISTS (SELECT FROM plan WHERE name = $1)", content.name):
            continue
        put = publish_plan if on_sale else draft_plan
        added.append(await put(tx, content, by, now=now))
    return added


async def retire_plan(tx: Transaction, plan_id: UUID, by: str, *, now: datetime) -> PlanRow | None:
    """Take a version off sale: whoever holds it keeps it. A draft is thrown away, and nothing is left of it.

    Raises:
        RefusedError: there is no such plan, or it is retired already.
    """
    plan = await read_plan(tx, plan_id)
    if plan is None:
        raise _no_such_plan()
    await _lock(tx, plan.name)
    if await tx.value("DELETE FROM plan WHERE id = $1 AND state = 'DRAFT' RETURNING true", plan_id):
        return None
    row = await tx.row(
        "UPDATE plan SET state = 'RETIRED', retired_at = $2, changed_by_name = $3 "  # noqa: S608  constants
        f"WHERE id = $1 AND state = 'PUBLISHED' RETURNING {PLAN_COLUMNS}",
        plan_id,
        now,
        by,
    )
    if row is None and await read_plan(tx, plan_id) is None:  # somebody else threw the draft away meanwhile
        raise _no_such_plan()
    if row is None:
        raise refuse(CatalogueProblem.NOT_PUBLISHED, "This plan is retired already.", "id")
    return plan_row(row)


def _no_such_plan() -> RefusedError:
    return refuse(CatalogueProblem.NOT_FOUND, "There is no such plan.", "id")


async def _write(tx: Transaction, content: PlanContent, state: PlanState, by: str, *, now: datetime) -> PlanRow:
    """Write a version over the draft of its name, or as the next one; its number follows the one before."""
    values = _columns(content) | {
        "state": state.value,
        "published_at": now if state is PlanState.PUBLISHED else None,
        "changed_by_name": by,
    }
    draft = await tx.value("SELECT id FROM plan WHERE name = $1 AND state = 'DRAFT'", content.name)
    names = ", ".join(values)
    places = ", ".join(f"${place}" for place in range(2, len(values) + 2))
    if draft is None:
        sql = (
            f"INSERT INTO plan (id, {names}, version, created_at) VALUES ($1, {places}, "  # noqa: S608  constants
            f"(SELECT coalesce(max(version), 0) + 1 FROM plan WHERE name = $2), ${len(values) + 2}) "
            f"RETURNING {PLAN_COLUMNS}"
        )
        row = await tx.row(sql, new_id(now), *values.values(), now)
    else:
        sql = f"UPDATE plan SET ({names}) = ({places}) WHERE id = $1 RETURNING {PLAN_COLUMNS}"  # noqa: S608  constants
        row = await tx.row(sql, draft, *values.values())
    if row is None:
        raise RuntimeError("what was written returns its row")
    return plan_row(row)


def _columns(content: PlanContent) -> dict[str, Any]:
    """The columns of a version; its name is the first."""
    terms = content.terms
    return {
        "name": content.name,
        "description": content.description,
        "strategy": terms.strategy.value,
        "currency": terms.currency,
        "fee": terms.fee,
        "period": terms.period.value,
        "allowance_amount": terms.amount,
        "allowance_unit": terms.unit.value,
        "allowance_per": terms.per.value,
        "at_limit": terms.at_limit.value,
        "overage": terms.overage,
        "margin_kind": None if terms.margin_kind is None else terms.margin_kind.value,
        "brackets": _json([{"up_to": one.up_to, "ratio": _written(one.ratio)} for one in terms.brackets]),
        "other_ratio": terms.other_ratio,
        "credit_packs": _json(_packs(terms)),
        "countries": list(content.countries),
        "throughput": content.throughput,
        "features": list(content.features),
    }


def _packs(terms: PlanTerms) -> list[Mapping[str, Any]]:
    return [
        {"credits": one.credits, "units": one.units, "price": _written(one.price), "valid_days": one.valid_days}
        for one in terms.packs
    ]


def _json(value: Sequence[Mapping[str, Any]]) -> str:
    return orjson.dumps(value).decode()


def _written(number: Decimal) -> str:
    return f"{number:f}"


async def _lock(tx: Transaction, name: str) -> None:
    """Whoever changes the versions of a name does so alone."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"plan {name}")
