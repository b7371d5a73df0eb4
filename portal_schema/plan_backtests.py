"""Back-tests of plans in the schema: what a draft would have brought in, and who would have paid more or less."""

from decimal import Decimal
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.economics.figures import Figures
from portal.money.money import Money as Amount
from portal.rerating.backtest import MOST_CHANGES, Backtest, MonthCompared, TenantCompared
from portal.rerating.backtesting import backtest_plan
from portal_schema.context import Info
from portal_schema.guards import APART, requires
from portal_schema.money import Money
from portal_schema.payloads import UserError
from portal_schema.plan_catalogue import (
    COUNTRY,
    CURRENCY,
    FOREIGN,
    MISSING,
    OPEN,
    PRECISE,
    RANGE,
    RISING,
    TEXT,
    Content,
)
from portal_schema.scalars import CalendarMonth, CurrencyCode
from portal_schema.tenants import Tenant, load_tenant

BACKTEST = requires(Permission.CATALOGUE_WRITE, Permission.ECONOMICS_READ)


@strawberry.enum(description="Why a plan was not back-tested.")
class PlanBacktestErrorCode(Enum):
    """The problems that `planBacktest` can have."""

    INVALID_TEXT = strawberry.enum_value("INVALID_TEXT", description=TEXT)
    OUT_OF_RANGE = strawberry.enum_value("OUT_OF_RANGE", description=RANGE)
    TOO_PRECISE = strawberry.enum_value("TOO_PRECISE", description=PRECISE)
    UNKNOWN_CURRENCY = strawberry.enum_value("UNKNOWN_CURRENCY", description=CURRENCY)
    UNKNOWN_COUNTRY = strawberry.enum_value("UNKNOWN_COUNTRY", description=COUNTRY)
    MISSING = strawberry.enum_value("MISSING", description=MISSING)
    NOT_OF_STRATEGY = strawberry.enum_value("NOT_OF_STRATEGY", description=FOREIGN)
    BRACKETS_NOT_RISING = strawberry.enum_value("BRACKETS_NOT_RISING", description=RISING)
    NO_OPEN_BRACKET = strawberry.enum_value("NO_OPEN_BRACKET", description=OPEN)
    NO_EXCHANGE_RATE = strawberry.enum_value(
        "NO_EXCHANGE_RATE", description="The rate card in force has no exchange rate for the plan's currency."
    )


@strawberry.type(description="What is wrong with a plan to be back-tested.", directives=BACKTEST)
class PlanBacktestUserError(UserError):
    """One problem."""

    code: PlanBacktestErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="What came in and what it cost, in the draft's currency.", directives=BACKTEST)
class PlanBacktestFigures:
    """Figures of the business become it by `of`."""

    revenue: Money = strawberry.field(
        description="What the invoices come to, by what is known now: fees, usage, credits that were bought. Net of "
        "tax and credit notes."
    )
    cost: Money = strawberry.field(
        description="What that usage costs: the provider's final price, else the rate card's."
    )
    gross_margin: Money = strawberry.field(description="revenue - cost.")
    gross_margin_ratio: Decimal | None = strawberry.field(
        description="grossMargin / revenue, to four decimals; null without revenue."
    )

    @classmethod
    def of(cls, figures: Figures, currency: str) -> "PlanBacktestFigures":
        """The figures in the schema."""
        told = figures.rounded(currency)
        return cls(
            revenue=Money.of(Amount(told.revenue, currency)),
            cost=Money.of(Amount(told.cost, currency)),
            gross_margin=Money.of(Amount(told.gross_margin, currency)),
            gross_margin_ratio=told.gross_margin_ratio,
        )


@strawberry.type(description="A month as it was, and as it would have been.", directives=BACKTEST)
class PlanBacktestMonth:
    """A month; that of `portal.rerating` becomes it by `of`."""

    month: CalendarMonth = strawberry.field(description="Which month.")
    before: PlanBacktestFigures = strawberry.field(description="With the plans that tenants really had.")
    after: PlanBacktestFigures = strawberry.field(
        description="With the draft; what it would have refused brings nothing and costs nothing."
    )
    refused_messages: int = strawberry.field(description="How many messages it would have refused at its limit.")

    @classmethod
    def of(cls, found: MonthCompared, currency: str) -> "PlanBacktestMonth":
        """The month in the schema."""
        return cls(
            month=CalendarMonth(found.month),
            before=PlanBacktestFigures.of(found.before, currency),
            after=PlanBacktestFigures.of(found.after, currency),
            refused_messages=found.refused,
        )


@strawberry.type(description="What a tenant paid, and what it would have paid, in all months.", directives=BACKTEST)
class PlanBacktestTenant:
    """A tenant; that of `portal.rerating` becomes it by `of`."""

    before: Money = strawberry.field(description="With the plans that it really had.")
    after: Money = strawberry.field(description="With the draft.")
    difference: Money = strawberry.field(description="after - before: above nothing it would have paid more.")
    refused_messages: int = strawberry.field(description="How many of its messages would have been refused.")
    key: strawberry.Private[UUID]

    @classmethod
    def of(cls, found: TenantCompared) -> "PlanBacktestTenant":
        """The tenant in the schema."""
        return cls(
            before=Money.of(found.before),
            after=Money.of(found.after),
            difference=Money.of(found.difference),
            refused_messages=found.refused,
            key=found.tenant_id,
        )

    @strawberry.field(description="The tenant.")
    async def tenant(self, info: Info) -> Tenant | None:
        return await load_tenant(info, self.key)


@strawberry.type(
    description="The last whole months, UTC, of all tenants beside the same months with a draft, as if each tenant had "
    "had it whenever it had any plan.",
    directives=BACKTEST,
)
class PlanBacktest:
    """A back-test; that of `portal.rerating` becomes it by `of`."""

    months: list[PlanBacktestMonth] = strawberry.field(description="Month by month, the earliest first.")
    before: PlanBacktestFigures = strawberry.field(description="All months with the plans that tenants really had.")
    after: PlanBacktestFigures = strawberry.field(description="All months with the draft.")
    refused_messages: int = strawberry.field(description="How many messages it would have refused at its limit.")
    tenants: int = strawberry.field(description="How many tenants had a plan in these months.")
    paying_more: int = strawberry.field(description="How many of them would have paid more.")
    paying_less: int = strawberry.field(description="How many of them would have paid less.")
    refused_tenants: int = strawberry.field(description="How many of them would have had messages refused.")
    changes: list[PlanBacktestTenant] = strawberry.field(
        description=f"Those whose price would have changed most, by its size: at most {MOST_CHANGES}."
    )
    unconverted: list[CurrencyCode] = strawberry.field(
        description="Currencies for which the rate card has no exchange rate: tenants with a plan in one are left out."
    )

    @classmethod
    def of(cls, found: Backtest) -> "PlanBacktest":
        """The back-test in the schema."""
        currency, whole = found.terms.currency, found.whole
        return cls(
            months=[PlanBacktestMonth.of(month, currency) for month in found.months.values()],
            before=PlanBacktestFigures.of(whole.before, currency),
            after=PlanBacktestFigures.of(whole.after, currency),
            refused_messages=whole.refused,
            tenants=found.tenants,
            paying_more=found.paying_more,
            paying_less=found.paying_less,
            refused_tenants=found.refused_tenants,
            changes=[PlanBacktestTenant.of(one) for one in found.changes],
            unconverted=[CurrencyCode(code) for code in sorted(found.unconverted)],
        )


@strawberry.type(description="The outcome of `planBacktest`.", directives=BACKTEST)
class PlanBacktestPayload:
    """The back-test, or errors."""

    errors: list[PlanBacktestUserError] = strawberry.field(description="What is wrong; empty on success.")
    plan_backtest: PlanBacktest | None = strawberry.field(default=None, description="What would have been.")


@strawberry.type
class PlanBacktestMutations:
    """The root field that back-tests a plan.

    It changes nothing. It is no query since those hold one transaction, and have no payload that tells each problem of
    the plan with its place, as `planDraft` does.
    """

    @strawberry.mutation(
        description="Try a plan out on the last whole months of all tenants. Nothing is changed and nothing is kept.",
        directives=BACKTEST,
        metadata={APART: True},
    )
    async def plan_backtest(
        self,
        info: Info,
        input: Content,
        months: Annotated[int, strawberry.argument(description="How many months: 1 to 24.")],
    ) -> PlanBacktestPayload | None:
        context = info.context
        found = await backtest_plan(context.database, input.content(), months, now=context.now)
        return PlanBacktestPayload(plan_backtest=PlanBacktest.of(found), errors=[])
