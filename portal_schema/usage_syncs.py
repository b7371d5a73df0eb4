"""Syncs of usage in the schema: having the provider's records read anew, and how far that is."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from portal.usage.nightly import days_of_night
from portal.usage.periods import Days
from portal.usage.syncing import (
    UsageSyncFault,
    UsageSyncRow,
    UsageSyncState,
    read_sync,
    read_syncs,
    start_sync,
)
from portal_schema.context import Info
from portal_schema.enums import describe
from portal_schema.nodes import Node, key_of, to_global
from portal_schema.payloads import UserError
from portal_schema.ranges import DateRange
from portal_schema.usage import READ

describe(
    UsageSyncState,
    "How far a sync is.",
    WAITING="It waits for its turn, or for another try.",
    RUNNING="The records are being read.",
    DONE="All of its days are read.",
    FAILED="It was given up; the days that are done are kept, and the next night reads anew.",
)
describe(
    UsageSyncFault,
    "Why a sync waits for another try, or was given up.",
    PROVIDER_UNAVAILABLE="The carriers' side did not answer, or asked to come later.",
    ACCOUNT_MISSING="The tenant is not set up with the carriers yet.",
    INTERNAL="The portal made a mistake, which its people see in their logs.",
)


@strawberry.type(
    description="Reading the provider's count of usage anew, a few days at a time. It happens by itself every night.",
    directives=READ,
)
class UsageSync(Node):
    """A sync; rows of `portal.usage` become it by `of`."""

    state: UsageSyncState = strawberry.field(description="How far it is.")
    from_: date = strawberry.field(name="from", description="The first day, in UTC.")
    until: date = strawberry.field(description="The first day after it.")
    days: int = strawberry.field(description="How many days there are to read.")
    days_done: int = strawberry.field(description="How many of them are read; they show in reports already.")
    as_of: datetime | None = strawberry.field(
        description="The instant up to which the provider had counted, for all that was read; null before any was."
    )
    fault: UsageSyncFault | None = strawberry.field(
        description="Why it waits for another try, or was given up; null where nothing is wrong."
    )
    requested_at: datetime = strawberry.field(description="When it was asked for.")
    finished_at: datetime | None = strawberry.field(description="When it was done or given up; null while it goes on.")

    @classmethod
    def of(cls, row: UsageSyncRow) -> "UsageSync":
        """The sync in this row."""
        return cls(
            id=to_global("UsageSync", row.id),
            state=row.state,
            from_=row.days.first,
            until=row.days.until,
            days=row.days.count,
            days_done=row.days_done,
            as_of=row.as_of,
            fault=row.fault,
            requested_at=row.requested_at,
            finished_at=row.finished_at,
        )


@strawberry.enum(description="Why no sync is started.")
class UsageSyncStartErrorCode(Enum):
    """The problems that `usageSyncStart` can have."""

    INVALID = strawberry.enum_value("INVALID", description="There are no such days, or too many for one sync.")
    BUSY = strawberry.enum_value("BUSY", description="A sync of other days goes on: wait until it is done.")


@strawberry.type(description="Why no sync is started.", directives=READ)
class UsageSyncStartUserError(UserError):
    """One problem."""

    code: UsageSyncStartErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `usageSyncStart`.", directives=READ)
class UsageSyncStartPayload:
    """The sync, or errors."""

    errors: list[UsageSyncStartUserError] = strawberry.field(description="What is wrong; empty on success.")
    usage_sync: UsageSync | None = strawberry.field(
        default=None, description="The sync: a new one, or the one of the same days that goes on or has just been done."
    )


@strawberry.input(description="Which days of usage to read anew.")
class UsageSyncStartInput:
    """A range, or what each night reads."""

    range: DateRange | None = strawberry.field(
        default=None, description="At most 731 days; unless given those that each night reads, and today."
    )


async def find_syncs(info: Info, tenant_id: UUID) -> list[UsageSync]:
    """This tenant's last syncs: one read for all tenants that are asked for side by side."""

    async def load(tenant_ids: Sequence[UUID]) -> list[list[UsageSync]]:
        async with info.context.reading_tenants() as tx:
            found = await read_syncs(tx, tenant_ids)
        return [[UsageSync.of(row) for row in found[tenant_id]] for tenant_id in tenant_ids]

    syncs: list[UsageSync] = await info.context.loader("usage syncs", load).load(tenant_id)
    return syncs


async def load_sync(info: Info, key: UUID) -> UsageSync | None:
    """The tenant's own sync, or None."""
    async with info.context.reading() as tx:
        row = await read_sync(tx, key)
    return None if row is None else UsageSync.of(row)


async def find_sync(info: Info, given: str) -> UsageSync | None:
    """The sync of this global id, or None."""
    return await load_sync(info, key_of("UsageSync", given))


@strawberry.type
class UsageSyncQueries:
    """The root field that tells how far syncs are."""

    @strawberry.field(
        description="The tenant's last syncs of usage, the newest first; 24 at most. `usageSyncChanged` tells of each "
        "step.",
        directives=READ,
    )
    async def usage_syncs(self, info: Info) -> list[UsageSync] | None:
        return await find_syncs(info, info.context.tx.tenant_id)


@strawberry.type
class UsageSyncMutations:
    """The root field that has usage read anew."""

    @strawberry.mutation(
        description="Read the provider's count of usage anew, for invoices and for what the portal does not count "
        "itself. It happens by itself every night. Asked for again within a minute it is the same sync.",
        directives=READ,
    )
    async def usage_sync_start(
        self,
        info: Info,
        input: Annotated[UsageSyncStartInput, strawberry.argument(description="Which days.")],
    ) -> UsageSyncStartPayload | None:
        now = info.context.now
        today = now.astimezone(UTC).date()
        days = Days(days_of_night(today).first, today + timedelta(days=1))
        if input.range is not None:
            days = Days(input.range.from_, input.range.until)
        key = await start_sync(info.context.tx, days, now=now)
        return UsageSyncStartPayload(usage_sync=await load_sync(info, key), errors=[])
