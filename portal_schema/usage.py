"""Usage in the schema."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.usage.usage import CATEGORIES, CategoryTotal, UsageBucketSize, UsagePeriod, read_usage
from portal.usage.usage import UsageReport as Report
from portal_schema.context import Info
from portal_schema.guards import requires

READ = requires(Permission.USAGE_READ)


@strawberry.type(description="The usage of one category.", directives=READ)
class UsageCategoryTotal:
    """One category's sum."""

    category: str = strawberry.field(description="The category for machines, such as sms-outbound.")
    label: str = strawberry.field(description="The category for people.")
    count: int = strawberry.field(description="How often, in `countUnit`.")
    count_unit: str = strawberry.field(description="What `count` counts, such as messages or calls.")
    usage: int = strawberry.field(description="How much, in `usageUnit`.")
    usage_unit: str = strawberry.field(description="What `usage` counts, such as segments or minutes.")


@strawberry.type(description="The usage of a part of the period.", directives=READ)
class UsageBucket:
    """A half-open part of the period."""

    start: datetime = strawberry.field(description="Its first instant.")
    until: datetime = strawberry.field(description="The first instant after it.")
    categories: list[UsageCategoryTotal] = strawberry.field(description="Its usage; empty where nothing was used.")


@strawberry.type(description="Usage in a period, in UTC.", directives=READ)
class UsageReport:
    """A report."""

    as_of: datetime = strawberry.field(description="The instant up to which usage is counted.")
    start: datetime = strawberry.field(description="The period's first instant.")
    until: datetime = strawberry.field(description="The first instant after the period.")
    categories: list[UsageCategoryTotal] = strawberry.field(description="The usage of the whole period.")
    buckets: list[UsageBucket] = strawberry.field(description="The same, cut as asked for.")

    @classmethod
    def of(cls, report: Report) -> "UsageReport":
        """The report in the schema."""
        return cls(
            as_of=report.as_of,
            start=report.period.start,
            until=report.period.end,
            categories=_categories(report.categories),
            buckets=[
                UsageBucket(
                    start=bucket.period.start, until=bucket.period.end, categories=_categories(bucket.categories)
                )
                for bucket in report.buckets
            ],
        )


@strawberry.input(description="Which usage.")
class UsageInput:
    """A period and how to cut it."""

    period: UsagePeriod = strawberry.field(description="The period, in UTC.")
    bucket_size: UsageBucketSize = strawberry.field(
        default=UsageBucketSize.WHOLE, description="How finely to cut it; not at all unless given."
    )


def _categories(totals: Sequence[CategoryTotal]) -> list[UsageCategoryTotal]:
    return [
        UsageCategoryTotal(
            category=total.category,
            label=CATEGORIES[total.category].label,
            count=total.count,
            count_unit=CATEGORIES[total.category].count_unit,
            usage=total.usage,
            usage_unit=CATEGORIES[total.category].usage_unit,
        )
        for total in totals
    ]


async def find_usage(info: Info, tenant_id: UUID, asked: UsageInput) -> UsageReport:
    """This tenant's usage: one read for all tenants that are asked for side by side."""

    async def load(tenant_ids: list[UUID]) -> list[UsageReport]:
        async with info.context.reading_tenants() as tx:
            found = await read_usage(tx, tenant_ids, asked.period, asked.bucket_size, now=info.context.now)
        return [UsageReport.of(found[tenant_id]) for tenant_id in tenant_ids]

    loader = info.context.loader(("usage", asked.period, asked.bucket_size), load)
    report: UsageReport = await loader.load(tenant_id)
    return report


@strawberry.type
class UsageQueries:
    """The root field that reads usage."""

    @strawberry.field(
        description="What the tenant used. Messages count once they are handed over, calls once they have ended, "
        "on that day in UTC.",
        directives=READ,
    )
    async def usage(
        self,
        info: Info,
        input: Annotated[UsageInput, strawberry.argument(description="Which usage.")],
    ) -> UsageReport | None:
        return await find_usage(info, info.context.tx.tenant_id, input)
