"""What a tenant may still send in the present period."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from portal.database import TenantTransaction, Transaction
from portal.plans.charging import Position
from portal.plans.forecast import Forecast, forecast
from portal.plans.periods import AllowancePeriod, Period, period_at
from portal.plans.plans import PLAN_COLUMNS, plan_row
from portal.pricing.terms import PlanTerms, UsageUnit, included


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a tenant may still send in the present period; `limit` None means no limit."""

    limit: int | None
    position: Position
    unit: UsageUnit
    per: AllowancePeriod
    period: Period

    @classmethod
    def of(cls, terms: PlanTerms, period: Period, position: Position) -> "Allowance":
        """The allowance that a plan gives in a period, where that stands."""
        return cls(included(terms), position, terms.unit, terms.per, period)

    @property
    def remaining(self) -> int | None:
        """What is left, never negative: a smaller plan in mid-period may leave more used than it allows."""
        position = self.position
        return None if self.limit is None else max(0, self.limit - position.committed + position.from_credits)

    def after(self, units: int, from_credits: int = 0) -> "Allowance":
        """The allowance once so many more units are reserved, some of which credits pay for."""
        position = self.position
        more = Position(position.used, position.reserved + units, position.from_credits + from_credits)
        return replace(self, position=more)

    def forecast(self, *, now: datetime) -> Forecast | None:
        """What the pace of the period leads to."""
        return forecast(self.limit, self.position.committed, self.period, now=now)


async def read_allowance(tx: TenantTransaction, *, now: datetime) -> Allowance | None:
    """The allowance of the present period; None before the tenant has a plan."""
    return (await read_allowances(tx, [tx.tenant_id], now=now)).get(tx.tenant_id)


async def read_allowances(tx: Transaction, tenant_ids: Sequence[UUID], *, now: datetime) -> dict[UUID, Allowance]:
    """The allowances of those of these tenants that have a plan, in one statement."""
    day, month = period_at(AllowancePeriod.DAY, now), period_at(AllowancePeriod.MONTH, now)
    sql = (
        f"SELECT tenant_plan.tenant_id, {PLAN_COLUMNS}, coalesce(balance.used, 0) AS used, "  # noqa: S608  constants
        "coalesce(balance.reserved, 0) AS reserved, coalesce(balance.from_credits, 0) AS from_credits "
        "FROM tenant_plan JOIN plan ON plan.id = tenant_plan.plan_id LEFT JOIN allowance_balance AS balance "
        "ON balance.tenant_id = tenant_plan.tenant_id AND balance.unit = plan.allowance_unit AND "
        "(balance.period_start, balance.period_end) IN "
        "(SELECT $2::timestamptz, $3::timestamptz WHERE plan.allowance_per = 'DAY' "
        "UNION ALL SELECT $4, $5 WHERE plan.allowance_per = 'MONTH') "
        "WHERE tenant_plan.tenant_id = ANY($1::uuid[]) AND since <= $6 AND (until IS NULL OR until > $6)"
    )
    found: dict[UUID, Allowance] = {}
    for row in await tx.rows(sql, list(tenant_ids), day.start, day.end, month.start, month.end, now):
        terms = plan_row(row).terms
        period = day if terms.per is AllowancePeriod.DAY else month
        position = Position(row["used"], row["reserved"], row["from_credits"])
        found[row["tenant_id"]] = Allowance.of(terms, period, position)
    return found
