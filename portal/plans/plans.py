"""Which plan a tenant has, and what it says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson

from portal.database import TenantTransaction, Transaction
from portal.database.connection import Row
from portal.plans.periods import AllowancePeriod
from portal.pricing.terms import (
    AtLimit,
    CreditPack,
    MarginBracket,
    MarginKind,
    PlanPeriod,
    PlanTerms,
    PricingStrategy,
    UsageUnit,
)


class PlanState(StrEnum):
    """Where a version of a plan is."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    RETIRED = "RETIRED"


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One version of a plan."""

    id: UUID
    name: str
    version: int
    state: PlanState
    description: str
    terms: PlanTerms
    countries: tuple[str, ...]  # where messages may go; empty: everywhere
    throughput: Decimal  # messages a second
    features: tuple[str, ...]
    published_at: datetime | None
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class TenantPlanRow:
    """A tenant's plan, and from when until when; `until` None: until it is changed."""

    tenant_id: UUID
    id: UUID
    plan: PlanRow
    since: datetime
    until: datetime | None


PLAN_COLUMNS = (
    "plan.id AS plan_id, plan.name AS plan_name, plan.version AS plan_version, plan.state AS plan_state, "
    "plan.description AS plan_description, plan.strategy, plan.currency, plan.fee, plan.period, "
    "plan.allowance_amount, plan.allowance_unit, plan.allowance_per, plan.at_limit, plan.overage, plan.margin_kind, "
    "plan.brackets, plan.other_ratio, plan.credit_packs, plan.countries, plan.throughput, plan.features, "
    "plan.published_at, plan.retired_at"
)
TENANT_PLAN_COLUMNS = (
    f"{PLAN_COLUMNS}, tenant_plan.tenant_id, tenant_plan.id AS tenant_plan_id, tenant_plan.since, tenant_plan.until"
)


def plan_row(row: Row) -> PlanRow:
    """A record with PLAN_COLUMNS as a plan."""
    return PlanRow(
        id=row["plan_id"],
        name=row["plan_name"],
        version=row["plan_version"],
        state=PlanState(row["plan_state"]),
        description=row["plan_description"],
        terms=PlanTerms(
            strategy=PricingStrategy(row["strategy"]),
            currency=row["currency"],
            fee=row["fee"],
            period=PlanPeriod(row["period"]),
            amount=row["allowance_amount"],
            unit=UsageUnit(row["allowance_unit"]),
            per=AllowancePeriod(row["allowance_per"]),
            at_limit=AtLimit(row["at_limit"]),
            overage=row["overage"],
            margin_kind=MarginKind(row["margin_kind"]) if row["margin_kind"] else None,
            brackets=tuple(_bracket(one) for one in orjson.loads(row["brackets"])),
            other_ratio=row["other_ratio"],
            packs=tuple(_pack(one) for one in orjson.loads(row["credit_packs"])),
        ),
        countries=tuple(row["countries"]),
        throughput=row["throughput"],
        features=tuple(row["features"]),
        published_at=row["published_at"],
        retired_at=row["retired_at"],
    )


def tenant_plan_row(row: Row) -> TenantPlanRow:
    """A record with TENANT_PLAN_COLUMNS as a tenant's plan."""
    return TenantPlanRow(row["tenant_id"], row["tenant_plan_id"], plan_row(row), row["since"], row["until"])


async def read_tenant_plan(tx: TenantTransaction, *, now: datetime) -> TenantPlanRow | None:
    """The tenant's plan now, or None before it has one."""
    return (await read_tenant_plans(tx, [tx.tenant_id], now=now)).get(tx.tenant_id)


async def read_tenant_plans(tx: Transaction, tenant_ids: Sequence[UUID], *, now: datetime) -> dict[UUID, TenantPlanRow]:
    """The plans that these tenants have now, in one statement; one that is to come begins later."""
    sql = (
        f"SELECT {TENANT_PLAN_COLUMNS} FROM tenant_plan JOIN plan ON plan.id = tenant_plan.plan_id "  # noqa: S608  constants
        "WHERE tenant_plan.tenant_id = ANY($1::uuid[]) AND since <= $2 AND (until IS NULL OR until > $2)"
    )
    rows = await tx.rows(sql, list(tenant_ids), now)
    return {row["tenant_id"]: tenant_plan_row(row) for row in rows}


async def lock_plans(tx: Transaction, tenant_id: UUID) -> None:
    """Whoever changes a tenant's plan does so alone, until this transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{tenant_id}/plan")


async def read_own_plan(tx: TenantTransaction, plan_id: UUID) -> PlanRow | None:
    """This plan, if it is on sale or the tenant's own, now, earlier or to come."""
    sql = (
        f"SELECT {PLAN_COLUMNS} FROM plan WHERE plan.id = $2 AND (plan.state = 'PUBLISHED' OR EXISTS "  # noqa: S608  constants
        "(SELECT FROM tenant_plan WHERE tenant_id = $1 AND plan_id = $2))"
    )
    row = await tx.row(sql, tx.tenant_id, plan_id)
    return None if row is None else plan_row(row)


async def read_plans_by_id(tx: Transaction, plan_ids: Sequence[UUID]) -> dict[UUID, PlanRow]:
    """These versions of plans, whoever has them: for ids that the portal itself has kept."""
    sql = f"SELECT {PLAN_COLUMNS} FROM plan WHERE plan.id = ANY($1::uuid[])"  # noqa: S608  constants
    return {row["plan_id"]: plan_row(row) for row in await tx.rows(sql, list(plan_ids))}


def _bracket(written: dict[str, Any]) -> MarginBracket:
    return MarginBracket(written["up_to"], Decimal(written["ratio"]))


def _pack(written: dict[str, Any]) -> CreditPack:
    return CreditPack(written["credits"], written["units"], Decimal(written["price"]), written.get("valid_days"))
