"""The fraud shield in the schema: what is paused, what that saved, and its release."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.shield.areas import TrafficKind
from portal.shield.detector import PauseReason
from portal.shield.pauses import release
from portal.shield.reading import Loss, PauseRow, find_pause, read_losses, read_pauses
from portal_schema.context import Info
from portal_schema.enums import describe
from portal_schema.guards import requires
from portal_schema.money import Money
from portal_schema.nodes import Node, key_of, to_global
from portal_schema.payloads import UserError
from portal_schema.scalars import CountryCode

READ = requires(Permission.ALERTS_READ)
WRITE = requires(Permission.ALERTS_WRITE)

describe(
    TrafficKind,
    "What is sent or called.",
    SMS="Messages.",
    CALL="Calls that are made.",
    FORWARD="Calls that came in and are forwarded.",
)
describe(
    PauseReason,
    "What traffic looked like.",
    NEIGHBOURS="Much to new recipients whose numbers follow one another, as machines make them up.",
    BURST="Much to new recipients whose numbers begin alike, in a short time.",
    UNANSWERED="Much to numbers that begin alike, of which next to nothing arrived.",
    VELOCITY="Much to numbers that begin alike, in a short time.",
    COUNTRY="Much to new recipients in a country that is dear, in a short time.",
)


@strawberry.type(
    description="Traffic that looked like fraud and is stopped: of one kind, to numbers that begin alike or to a whole "
    "country. It lasts until somebody of the tenant releases it.",
    directives=READ,
)
class TrafficPause(Node):
    """A pause; rows of `portal.shield` become it by `of`."""

    kind: TrafficKind = strawberry.field(description="What is stopped.")
    country: CountryCode | None = strawberry.field(description="Where to; null where that is not known.")
    prefix: str | None = strawberry.field(
        description="How the numbers begin that it is about; null: it is about the whole country."
    )
    reason: PauseReason = strawberry.field(description="What it looked like.")
    paused_at: datetime = strawberry.field(description="Since when.")
    released_at: datetime | None = strawberry.field(description="When it was released; null while it lasts.")
    released_by: str | None = strawberry.field(description="Who released it, by name.")
    grace_until: datetime | None = strawberry.field(
        description="Until when it is not paused again; null while it lasts."
    )
    refused: int = strawberry.field(description="How many messages or calls it has stopped so far.")
    key: strawberry.Private[tuple[UUID, UUID]]

    @classmethod
    def of(cls, row: PauseRow) -> "TrafficPause":
        """The pause in this row."""
        return cls(
            id=to_global("TrafficPause", row.id),
            kind=row.kind,
            country=None if row.country is None else CountryCode(row.country),
            prefix=row.prefix,
            reason=row.reason,
            paused_at=row.paused_at,
            released_at=row.released_at,
            released_by=row.released_by,
            grace_until=row.grace_until,
            refused=row.refused,
            key=(row.tenant_id, row.id),
        )

    @strawberry.field(
        description="The loss avoided: what was stopped would have come to at most this beside the plan's fee.",
        directives=requires(Permission.BILLING_READ),
    )
    async def loss_avoided(self, info: Info) -> Money | None:
        return Money.of((await _load_loss(info, self.key)).price)

    @strawberry.field(
        description="The same at the rate card's price: what the ISV would have paid the carriers.",
        directives=requires(Permission.ECONOMICS_READ),
    )
    async def cost_avoided(self, info: Info) -> Money | None:
        return Money.of((await _load_loss(info, self.key)).cost)


async def _load_loss(info: Info, key: tuple[UUID, UUID]) -> Loss:
    async def load(keys: list[tuple[UUID, UUID]]) -> list[Loss]:
        async with info.context.reading_tenants() as tx:
            found = await read_losses(tx, keys)
        return [found[pause_id] for _, pause_id in keys]

    loss: Loss = await info.context.loader("loss avoided", load).load(key)
    return loss


Released = Annotated[
    bool | None, strawberry.argument(description="Those that are released, or those that last; all unless given.")
]


async def find_pauses(info: Info, tenant_id: UUID, *, released: bool | None) -> list[TrafficPause]:
    """This tenant's pauses: one read for all tenants that are asked for side by side."""

    async def load(tenant_ids: Sequence[UUID]) -> list[list[TrafficPause]]:
        async with info.context.reading_tenants() as tx:
            found = await read_pauses(tx, tenant_ids, released=released)
        return [[TrafficPause.of(row) for row in found[tenant_id]] for tenant_id in tenant_ids]

    pauses: list[TrafficPause] = await info.context.loader(("traffic pauses", released), load).load(tenant_id)
    return pauses


async def find_own_pause(info: Info, given: str) -> TrafficPause | None:
    """The tenant's pause of this global id, or None."""
    async with info.context.reading() as tx:
        row = await find_pause(tx, key_of("TrafficPause", given))
    return None if row is None else TrafficPause.of(row)


@strawberry.enum(description="Why a pause was not released.")
class TrafficPauseReleaseErrorCode(Enum):
    """The problems that `trafficPauseRelease` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such pause.")
    RELEASED = strawberry.enum_value("RELEASED", description="It is released already.")


@strawberry.type(description="Why a pause was not released.", directives=WRITE)
class TrafficPauseReleaseUserError(UserError):
    """One problem."""

    code: TrafficPauseReleaseErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `trafficPauseRelease`.", directives=WRITE)
class TrafficPauseReleasePayload:
    """The pause, or errors."""

    errors: list[TrafficPauseReleaseUserError] = strawberry.field(description="What is wrong; empty on success.")
    traffic_pause: TrafficPause | None = strawberry.field(default=None, description="The pause, released.")


@strawberry.type
class TrafficPauseQueries:
    """The root field that reads pauses."""

    @strawberry.field(
        description="Traffic of the tenant that looked like fraud and was stopped, the last first; 100 at most.",
        directives=READ,
    )
    async def traffic_pauses(self, info: Info, released: Released = None) -> list[TrafficPause] | None:
        return await find_pauses(info, info.context.tx.tenant_id, released=released)


@strawberry.type
class TrafficPauseMutations:
    """The root field that releases a pause."""

    @strawberry.mutation(
        description="Say that traffic is no fraud: it goes on, and is not paused again for 24 hours. What was refused "
        "or canceled meanwhile is not sent: send it again.",
        directives=WRITE,
    )
    async def traffic_pause_release(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The pause's id.")]
    ) -> TrafficPauseReleasePayload | None:
        context = info.context
        await release(context.tx, key_of("TrafficPause", id), context.principal.actor.name, now=context.now)
        return TrafficPauseReleasePayload(traffic_pause=await find_own_pause(info, id), errors=[])
