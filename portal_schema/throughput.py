"""The pace of sending in the schema."""

from decimal import Decimal

import strawberry

from auth.permissions import Permission
from portal.messages.throughput import MOST_COUNTED, read_throughput
from portal.messages.throughput import Throughput as Pace
from portal_schema.context import Info
from portal_schema.guards import requires

READ = requires(Permission.LOGS_READ)


@strawberry.type(
    description="How fast messages leave. What is accepted faster waits for its turn, ten hours at most; each number "
    "has a pace of its own besides.",
    directives=READ,
)
class Throughput:
    """A pace; that of `portal.messages` becomes it by `of`."""

    per_second: Decimal = strawberry.field(description="How many messages a second the plan lets leave.")
    used: Decimal = strawberry.field(description="How many of them are used up at this instant.")
    queued: int = strawberry.field(
        description=f"How many messages wait for their turn; {MOST_COUNTED:,} where there are more."
    )
    throttled_last_hour: int = strawberry.field(
        description="How often in the last hour carriers' systems took a message only at a later try: they were asked "
        "too fast, or could not be reached."
    )

    @classmethod
    def of(cls, pace: Pace) -> "Throughput":
        """The pace in the schema."""
        return cls(**pace._asdict())


@strawberry.type
class ThroughputQueries:
    """The root field that reads the pace."""

    @strawberry.field(
        description="How fast the tenant may send and does, or null before it has a plan.", directives=READ
    )
    async def throughput(self, info: Info) -> Throughput | None:
        async with info.context.reading() as tx:
            pace = await read_throughput(tx, now=info.context.now)
        return None if pace is None else Throughput.of(pace)
