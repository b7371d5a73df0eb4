"""Economics in the schema: what plans, tenants and all of them bring in and cost. For the ISV's operator alone."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.economics.figures import Days, Figures, ratio
from portal.economics.reading import TenantEconomics as OfTenantRow
from portal.economics.reading import TierEconomics as TierRow
from portal.economics.reading import UnitEconomics as UnitRow
from portal.economics.reading import read_tenant_economics, read_tiers, read_unit_economics
from portal.economics.tiers import TierWarning as Warned
from portal.economics.tiers import TierWarningCode
from portal.money.money import Money as Amount
from portal_schema.context import Info
from portal_schema.enums import describe
from portal_schema.guards import requires
from portal_schema.money import Money
from portal_schema.plans import Plan
from portal_schema.ranges import DateRange
from portal_schema.scalars import CurrencyCode

READ = requires(Permission.ECONOMICS_READ)
RangeArgument = Annotated[DateRange, strawberry.argument(description="Which days. Days to come do not count yet.")]

describe(
    TierWarningCode,
    "What is wrong with a plan's figures.",
    NEGATIVE_MARGIN="At full use, or last month, it costs more than it brings in.",
    OVERAGE_BELOW_UNIT_PRICE="A message over the allowance brings less than one inside it: fee / units at full use.",
    OVERAGE_BELOW_COST="A message over the allowance brings less than it costs.",
    NO_RATE="The rate card in force has no price for the plan's home country, nor for everywhere else.",
    NO_EXCHANGE_RATE="The rate card in force has no exchange rate for the plan's currency.",
)


@strawberry.type(
    description="Revenue beside cost. Both are rounded to the minor unit of the rate card's currency; the margin and "
    "its ratio follow from the rounded amounts.",
    directives=READ,
)
class MarginView:
    """Figures of the business become it by `of`."""

    revenue: Money = strawberry.field(
        description="Fees day by day + the price of usage on the day of its hand-over + credits that were used or that "
        "expired, at their lot's price for a unit. Net of tax and credit notes, in the rate card's currency."
    )
    cost_of_goods_sold: Money = strawberry.field(
        description="What the provider asks: of a day its final price, until then its price of what is no message + "
        "that of messages by the rate card."
    )
    gross_margin: Money = strawberry.field(description="revenue - costOfGoodsSold.")
    gross_margin_ratio: Decimal | None = strawberry.field(
        description="grossMargin / revenue, to four decimals; null without revenue."
    )

    @classmethod
    def of(cls, figures: Figures, currency: str) -> "MarginView":
        """The view of these figures."""
        told = figures.rounded(currency)
        return cls(
            revenue=_money(told.revenue, currency),
            cost_of_goods_sold=_money(told.cost, currency),
            gross_margin=_money(told.gross_margin, currency),
            gross_margin_ratio=told.gross_margin_ratio,
        )


@strawberry.type(description="Something wrong with a plan's figures.", directives=READ)
class TierWarning:
    """One warning."""

    code: TierWarningCode = strawberry.field(description="What is wrong, for machines.")
    message: str = strawberry.field(description="What is wrong, for people. The text may change.")

    @classmethod
    def of(cls, warned: Warned) -> "TierWarning":
        """The warning in the schema."""
        return cls(code=warned.code, message=warned.message)


@strawberry.type(description="A plan's economics: at its worst, and as it was.", directives=READ)
class TierEconomics:
    """Rows of `portal.economics` become it by `of`."""

    plan: Plan | None = strawberry.field(description="The version of the plan.")
    tenants: int = strawberry.field(description="How many tenants hold it now.")
    worst_case: MarginView | None = strawberry.field(
        description="One tenant in a month of 31 days that uses all of its allowance: an allowance of a day 31 times, "
        "one of a month once. Each unit counts as one segment to the first country that the plan names, to the United "
        "States where it names none, at the rate card's price. With credits: the pack whose unit is the cheapest, used "
        "up. Null without a limit, and without a rate."
    )
    last_month: MarginView = strawberry.field(
        description="All its tenants in the last full month, in UTC, each for the days on which it held the plan."
    )
    month_to_date: MarginView = strawberry.field(description="The same since the first of this month.")
    warnings: list[TierWarning] = strawberry.field(description="What is wrong with these figures.")

    @classmethod
    def of(cls, row: TierRow) -> "TierEconomics":
        """The economics in this row."""
        return cls(
            plan=Plan.of(row.plan),
            tenants=row.tenants,
            worst_case=None if row.worst_case is None else MarginView.of(row.worst_case, row.currency),
            last_month=MarginView.of(row.last_month, row.currency),
            month_to_date=MarginView.of(row.month_to_date, row.currency),
            warnings=[TierWarning.of(warned) for warned in row.warnings],
        )


@strawberry.type(description="A tenant's economics in a range of days.", directives=READ)
class TenantEconomics:
    """Rows of `portal.economics` become it by `of`."""

    revenue: Money = strawberry.field(description="As in `MarginView.revenue`.")
    cost: Money = strawberry.field(description="As in `MarginView.costOfGoodsSold`.")
    gross_margin: Money = strawberry.field(description="revenue - cost.")
    gross_margin_ratio: Decimal | None = strawberry.field(
        description="grossMargin / revenue, to four decimals; null without revenue."
    )
    lifetime_value: Money | None = strawberry.field(
        description="Gross margin of a month / churn of a month. The first is grossMargin / the months of the range in "
        "which it was a tenant, where a part of a month counts by its days; the second is `UnitEconomics.churnRatio` "
        "of the range, not rounded, / its months. Null where no tenant left."
    )
    acquisition_cost: Money | None = strawberry.field(
        description="What winning it cost, as it was entered by `acquisitionCostSet`; null before that."
    )
    payback_months: Decimal | None = strawberry.field(
        description="acquisitionCost / gross margin of a month, to two decimals. Null without an acquisition cost, and "
        "where the gross margin is not above nothing."
    )
    unconverted: list[CurrencyCode] = strawberry.field(
        description="Currencies for which the rate card has no exchange rate: what is in them is left out."
    )

    @classmethod
    def of(cls, row: OfTenantRow) -> "TenantEconomics":
        """The economics in this row."""
        told = row.figures.rounded(row.currency)
        return cls(
            revenue=_money(told.revenue, row.currency),
            cost=_money(told.cost, row.currency),
            gross_margin=_money(told.gross_margin, row.currency),
            gross_margin_ratio=told.gross_margin_ratio,
            lifetime_value=_rounded(row.lifetime_value, row.currency),
            acquisition_cost=None if row.acquisition_cost is None else Money.of(row.acquisition_cost),
            payback_months=row.payback_months,
            unconverted=[CurrencyCode(code) for code in row.unconverted],
        )


@strawberry.type(description="The economics of all tenants in a range of days.", directives=READ)
class UnitEconomics:
    """What `portal.economics` reads becomes it by `of`."""

    revenue: Money = strawberry.field(description="Of all tenants, as in `MarginView.revenue`.")
    cost: Money = strawberry.field(description="Of all tenants, as in `MarginView.costOfGoodsSold`.")
    gross_margin: Money = strawberry.field(description="revenue - cost.")
    gross_margin_ratio: Decimal | None = strawberry.field(
        description="grossMargin / revenue, to four decimals; null without revenue."
    )
    tenants_at_start: int = strawberry.field(description="Tenants that came before the range and had not left.")
    tenants_new: int = strawberry.field(description="Tenants that came in the range.")
    tenants_closed: int = strawberry.field(description="Tenants that left in the range.")
    tenants_at_end: int = strawberry.field(description="tenantsAtStart + tenantsNew - tenantsClosed.")
    churn_ratio: Decimal | None = strawberry.field(
        description="Those of tenantsAtStart that left in the range / tenantsAtStart, to four decimals; null where "
        "there were none."
    )
    free_to_paid_ratio: Decimal | None = strawberry.field(
        description="Tenants that moved from a free plan to one that is not in the range / tenants that held a free "
        "plan at some time of it, to four decimals; null where none did. Free is a tier without a fee, whose other "
        "usage costs nothing either."
    )
    average_lifetime_value: Money | None = strawberry.field(
        description="Gross margin of a tenant and month / churn of a month. The first is grossMargin / the months for "
        "which all tenants together were tenants in the range, where a part of a month counts by its days; the second "
        "is churnRatio, not rounded, / the months of the range. Null where no tenant left."
    )
    average_payback_months: Decimal | None = strawberry.field(
        description="Over the tenants of the range whose acquisition cost was entered: the sum of these costs / the "
        "sum of their gross margins of a month, to two decimals. Null where none was entered, and where that margin is "
        "not above nothing."
    )
    unconverted: list[CurrencyCode] = strawberry.field(
        description="Currencies for which the rate card has no exchange rate: what is in them is left out."
    )

    @classmethod
    def of(cls, row: UnitRow) -> "UnitEconomics":
        """The economics in the schema."""
        told = row.figures.rounded(row.currency)
        return cls(
            revenue=_money(told.revenue, row.currency),
            cost=_money(told.cost, row.currency),
            gross_margin=_money(told.gross_margin, row.currency),
            gross_margin_ratio=told.gross_margin_ratio,
            tenants_at_start=row.movement.at_start,
            tenants_new=row.movement.new,
            tenants_closed=row.movement.closed,
            tenants_at_end=row.movement.at_end,
            churn_ratio=None if row.churn_ratio is None else ratio(row.churn_ratio, Decimal(1)),
            free_to_paid_ratio=row.free_to_paid_ratio,
            average_lifetime_value=_rounded(row.average_lifetime_value, row.currency),
            average_payback_months=row.average_payback_months,
            unconverted=[CurrencyCode(code) for code in row.unconverted],
        )


async def find_economics(info: Info, tenant_id: UUID, asked: DateRange) -> TenantEconomics | None:
    """This tenant's economics: one read for all tenants that are asked for side by side."""
    asked.check("range")
    days = Days(asked.from_, asked.until)

    async def load(tenant_ids: list[UUID]) -> list[TenantEconomics | None]:
        async with info.context.reading_tenants() as tx:
            found = await read_tenant_economics(tx, tenant_ids, days, now=info.context.now)
        return [TenantEconomics.of(found[one]) if one in found else None for one in tenant_ids]

    read: TenantEconomics | None = await info.context.loader(("economics", days), load).load(tenant_id)
    return read


@strawberry.type
class EconomicsQueries:
    """The root fields that read economics, for the ISV's operator."""

    @strawberry.field(
        description="Each published plan, and each retired one that a tenant holds: at full use beside what it was.",
        directives=READ,
    )
    async def tier_economics(self, info: Info) -> list[TierEconomics] | None:
        async with info.context.reading_tenants() as tx:
            return [TierEconomics.of(row) for row in await read_tiers(tx, now=info.context.now)]

    @strawberry.field(description="All tenants together in a range of days.", directives=READ)
    async def unit_economics(self, info: Info, range: RangeArgument) -> UnitEconomics | None:
        range.check("range")
        async with info.context.reading_tenants() as tx:
            read = await read_unit_economics(tx, Days(range.from_, range.until), now=info.context.now)
        return UnitEconomics.of(read)


def _money(amount: Decimal, currency: str) -> Money:
    return Money.of(Amount(amount, currency))


def _rounded(amount: Decimal | None, currency: str) -> Money | None:
    return None if amount is None else Money.of(Amount(amount, currency).rounded())
