"""Usage in the schema: counts, the tenant's price under one permission, cost and margin under another."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.money.money import Money as Amount
from portal.problems import RefusedError
from portal.usage.categories import CATEGORIES
from portal.usage.costing import PriceBasis
from portal.usage.periods import Days, UsageBucketSize, UsagePeriod, checked, days_of
from portal.usage.reading import Bucket, CategoryTotal, UsageQuestion, read_usage
from portal.usage.reading import UsageReport as Report
from portal_schema.context import Info
from portal_schema.errors import ErrorCode, RequestError
from portal_schema.guards import requires
from portal_schema.money import Money
from portal_schema.ranges import DateRange

READ = requires(Permission.USAGE_READ)
BILLING = requires(Permission.BILLING_READ)
ECONOMICS = requires(Permission.ECONOMICS_READ)
_MONEY = {Permission.BILLING_READ, Permission.ECONOMICS_READ}
_SHOWN = Decimal("1E-10")  # an exact price may have more digits than anybody reads


@strawberry.type(
    description="The usage of one category. Categories of a report never overlap, so that they add up.", directives=READ
)
class UsageCategoryTotal:
    """One category's sum."""

    category: str = strawberry.field(description="The category for machines, such as sms-outbound.")
    label: str = strawberry.field(description="The category for people.")
    count: int = strawberry.field(description="How often, in `countUnit`; 0 where only an amount of money is known.")
    count_unit: str = strawberry.field(description="What `count` counts, such as messages or calls.")
    usage: int = strawberry.field(description="How much, in `usageUnit`.")
    usage_unit: str = strawberry.field(description="What `usage` counts, such as segments or minutes.")
    price: Money | None = strawberry.field(
        description="What it comes to beside the plan's fee, not rounded; null where that includes it, where no plan "
        "was held, and where plans of two currencies were.",
        directives=BILLING,
    )
    price_basis: PriceBasis | None = strawberry.field(
        description="What `price` goes by; null where no plan was held.", directives=BILLING
    )
    cost: Money | None = strawberry.field(
        description="What it costs the ISV: by the provider's own price once that holds the whole day, before by the "
        "rate card.",
        directives=ECONOMICS,
    )
    gross_margin_ratio: Decimal | None = strawberry.field(
        description="(price - cost) / price, without the plan's fee; null where there is no price.",
        directives=ECONOMICS,
    )

    @classmethod
    def of(cls, total: CategoryTotal) -> "UsageCategoryTotal":
        """The total in the schema."""
        known = CATEGORIES[total.category]
        return cls(
            category=total.category,
            label=known.label,
            count=total.count,
            count_unit=known.count_unit,
            usage=total.usage,
            usage_unit=known.usage_unit,
            price=shown(total.price),
            price_basis=total.basis,
            cost=shown(total.cost),
            gross_margin_ratio=total.margin_ratio,
        )


@strawberry.type(description="The usage of a part of the period.", directives=READ)
class UsageBucket:
    """A half-open part of the period."""

    start: datetime = strawberry.field(description="Its first instant.")
    until: datetime = strawberry.field(description="The first instant after it.")
    categories: list[UsageCategoryTotal] = strawberry.field(description="Its usage; empty where nothing was used.")
    total: Money | None = strawberry.field(
        description="The sum of its prices; null where no plan was held, or plans of two currencies.",
        directives=BILLING,
    )
    total_cost: Money | None = strawberry.field(description="The sum of its costs.", directives=ECONOMICS)


@strawberry.type(description="Usage in a period, in UTC.", directives=READ)
class UsageReport:
    """A report."""

    as_of: datetime = strawberry.field(description="The instant up to which the portal's own usage is counted.")
    provider_as_of: datetime | None = strawberry.field(
        description="The instant up to which the provider counted what the portal does not count itself; null before "
        "its records of the period were read. `usageSyncStart` has them read anew."
    )
    start: datetime = strawberry.field(description="The period's first instant.")
    until: datetime = strawberry.field(description="The first instant after the period.")
    total: Money | None = strawberry.field(
        description="What usage comes to beside the plan's fee, not rounded: the sum of the categories' prices. Null "
        "where no plan was held, or plans of two currencies.",
        directives=BILLING,
    )
    total_cost: Money | None = strawberry.field(
        description="What it costs the ISV: the sum of the categories' costs, which is the provider's own total once "
        "that holds all of the days.",
        directives=ECONOMICS,
    )
    categories: list[UsageCategoryTotal] = strawberry.field(description="The usage of the whole period.")
    buckets: list[UsageBucket] = strawberry.field(description="The same, cut as asked for.")

    @classmethod
    def of(cls, report: Report) -> "UsageReport":
        """The report in the schema."""
        return cls(
            as_of=report.as_of,
            provider_as_of=report.provider_as_of,
            start=report.whole.start,
            until=report.whole.until,
            total=shown(report.whole.total),
            total_cost=shown(report.whole.cost),
            categories=_categories(report.whole),
            buckets=[
                UsageBucket(
                    start=bucket.start,
                    until=bucket.until,
                    categories=_categories(bucket),
                    total=shown(bucket.total),
                    total_cost=shown(bucket.cost),
                )
                for bucket in report.buckets
            ],
        )


@strawberry.input(description="Which usage: of a period or of a range, cut as asked for.")
class UsageInput:
    """A period or a range, and how to cut it."""

    period: UsagePeriod | None = strawberry.field(default=None, description="A period; in place of a range.")
    range: DateRange | None = strawberry.field(
        default=None, description="At most 3,660 days; in place of a period. Cut into days it has 731 at most."
    )
    bucket_size: UsageBucketSize = strawberry.field(
        default=UsageBucketSize.WHOLE, description="How finely to cut it; not at all unless given."
    )
    categories: list[str] | None = strawberry.field(
        default=None, description="Only these categories, by their names such as sms-outbound; all unless given."
    )

    def question(self, info: Info) -> UsageQuestion:
        """What is asked for, as the business takes it, with amounts of money where they may be seen."""
        if (self.period is None) == (self.range is None):
            raise RequestError(ErrorCode.BAD_USER_INPUT, "Name a period or a range: one of them, not both.")
        today = info.context.now.astimezone(UTC).date()
        given = (
            Days(self.range.from_, self.range.until) if self.range else days_of(self.period or UsagePeriod.TODAY, today)
        )
        if unknown := sorted(set(self.categories or ()) - CATEGORIES.keys()):
            message = f"There is no category {unknown[0]!r}; there are {', '.join(sorted(CATEGORIES))}."
            raise RequestError(ErrorCode.BAD_USER_INPUT, message)
        try:
            days = checked(given, self.bucket_size)
        except RefusedError as refusal:
            (problem,) = refusal.problems
            path = ["input", *problem.path]
            raise RequestError(ErrorCode.BAD_USER_INPUT, problem.message, path=path) from refusal
        only = None if self.categories is None else frozenset(self.categories)
        return UsageQuestion(days, self.bucket_size, only, bool(_MONEY & info.context.permissions))


def shown(money: Amount | None) -> Money | None:
    """An exact amount with as many digits as anybody reads."""
    if money is None:
        return None
    return Money.of(Amount(money.amount.quantize(_SHOWN).normalize(), money.currency))


def _categories(bucket: Bucket) -> list[UsageCategoryTotal]:
    return [UsageCategoryTotal.of(total) for total in bucket.categories]


async def find_usage(info: Info, tenant_id: UUID, asked: UsageInput) -> UsageReport:
    """This tenant's usage: one read for all tenants that are asked for side by side."""
    question = asked.question(info)

    async def load(tenant_ids: Sequence[UUID]) -> list[UsageReport]:
        async with info.context.reading_tenants() as tx:
            found = await read_usage(tx, tenant_ids, question, now=info.context.now)
        return [UsageReport.of(found[tenant_id]) for tenant_id in tenant_ids]

    report: UsageReport = await info.context.loader(("usage", question), load).load(tenant_id)
    return report


@strawberry.type
class UsageQueries:
    """The root field that reads usage."""

    @strawberry.field(
        description="What the tenant used. Messages count once they are handed over, on that day in UTC; all else is "
        "the provider's count, and calls the portal's own until there is one.",
        directives=READ,
    )
    async def usage(
        self,
        info: Info,
        input: Annotated[UsageInput, strawberry.argument(description="Which usage.")],
    ) -> UsageReport | None:
        return await find_usage(info, info.context.tx.tenant_id, input)
