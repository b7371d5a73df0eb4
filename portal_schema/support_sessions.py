"""Support sessions in the schema: the ISV's support opens and ends its own, the tenant sees them all."""

from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.actor import ActorKind
from portal.database.keyset import Page
from portal.support.sessions import (
    SessionWish,
    SupportSessionRow,
    end_session,
    read_sessions,
    read_sessions_by_id,
    start_session,
)
from portal_schema.actors import Actor
from portal_schema.connections import After, Before, First, Last, PageInfo, paged
from portal_schema.context import Info
from portal_schema.guards import APART, check, requires
from portal_schema.nodes import Node, from_global, key_of, to_global
from portal_schema.payloads import UserError
from portal_schema.tenants import Tenant, load_tenant

ANYBODY = requires()
AUDIT = requires(Permission.AUDIT_READ)
OWN = requires(Permission.SUPPORT_SESSION)


@strawberry.type(
    description="Somebody of ISV support in a tenant, for a reason and a time. The tenant sees all of its own, "
    "and support its open one.",
    directives=ANYBODY,
)
class SupportSession(Node):
    """A session; rows of `portal.support` become it by `of`."""

    actor: Actor = strawberry.field(description="Who of ISV support.")
    reason: str = strawberry.field(description="Why, in that person's words.")
    opened_at: datetime = strawberry.field(description="Since when.")
    expires_at: datetime = strawberry.field(description="When it ends of itself.")
    closed_at: datetime | None = strawberry.field(description="When it was ended before that, if it was.")
    content_granted: bool = strawberry.field(
        description="Whether the tenant's leave to see content held at some time in it."
    )
    reads: int | None = strawberry.field(
        description="How many requests read in it; each is an entry of the audit log.", directives=AUDIT
    )
    tenant_id: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: SupportSessionRow) -> "SupportSession":
        """The session in this row."""
        return cls(
            id=to_global("SupportSession", row.id),
            actor=Actor(kind=ActorKind.ISV_SUPPORT, name=row.person_name),
            reason=row.reason,
            opened_at=row.opened_at,
            expires_at=row.expires_at,
            closed_at=row.closed_at,
            content_granted=row.content_granted,
            reads=row.reads,
            tenant_id=row.tenant_id,
        )

    @strawberry.field(description="The tenant that it is in.")
    async def tenant(self, info: Info) -> Tenant | None:
        return await load_tenant(info, self.tenant_id)


async def load_session(info: Info, key: UUID) -> SupportSession | None:
    """A session in the tenant, or None: one read for all that are asked for side by side."""

    async def load(keys: list[UUID]) -> list[SupportSession | None]:
        async with info.context.reading() as tx:
            rows = await read_sessions_by_id(tx, keys)
        return [SupportSession.of(rows[asked]) if asked in rows else None for asked in keys]

    found: SupportSession | None = await info.context.loader("support session", load).load(key)
    return found


@strawberry.type(description="A support session in a list.", directives=AUDIT)
class SupportSessionEdge:
    """A session and its place."""

    cursor: str = strawberry.field(description="The session's place in the list.")
    node: SupportSession = strawberry.field(description="The session.")


@strawberry.type(description="A page of support sessions.", directives=AUDIT)
class SupportSessionConnection:
    """A Relay connection."""

    edges: list[SupportSessionEdge] = strawberry.field(description="The sessions with their cursors.")
    nodes: list[SupportSession] = strawberry.field(description="The sessions alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[SupportSessionRow]) -> "SupportSessionConnection":
        """The connection of a page that was read."""
        nodes = [SupportSession.of(row) for row in page.items]
        edges = [SupportSessionEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


@strawberry.enum(description="Why a support session was not opened.")
class SupportSessionStartErrorCode(Enum):
    """The problems that `supportSessionStart` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such tenant.")
    INVALID = strawberry.enum_value("INVALID", description="The reason or the time is too short or too long.")
    TENANT_CLOSED = strawberry.enum_value("TENANT_CLOSED", description="The tenant is closed for good.")


@strawberry.enum(description="Why a support session was not ended.")
class SupportSessionEndErrorCode(Enum):
    """The problems that `supportSessionEnd` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="No such session of one's own is open.")


@strawberry.type(description="What is wrong with a support session to be opened.", directives=OWN)
class SupportSessionStartUserError(UserError):
    """One problem."""

    code: SupportSessionStartErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why a support session was not ended.", directives=OWN)
class SupportSessionEndUserError(UserError):
    """One problem."""

    code: SupportSessionEndErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `supportSessionStart`.", directives=OWN)
class SupportSessionStartPayload:
    """The session, or errors."""

    errors: list[SupportSessionStartUserError] = strawberry.field(description="What is wrong; empty on success.")
    support_session: SupportSession | None = strawberry.field(default=None, description="The session, open.")


@strawberry.type(description="The outcome of `supportSessionEnd`.", directives=OWN)
class SupportSessionEndPayload:
    """The session, or errors."""

    errors: list[SupportSessionEndUserError] = strawberry.field(description="What is wrong; empty on success.")
    support_session: SupportSession | None = strawberry.field(default=None, description="The session, ended.")


@strawberry.input(description="A support session to be opened.")
class SupportSessionStartInput:
    """Where to, why and for how long."""

    tenant_id: strawberry.ID = strawberry.field(description="The tenant to go into.")
    reason: str = strawberry.field(description="Why, 5 to 500 characters; the tenant reads it.")
    minutes: int = strawberry.field(default=60, description="How long, 5 to 240 minutes; 60 unless given.")


async def find_support_session(info: Info, given: str) -> SupportSession | None:
    """The session of this global id, or None: in the tenant for its people, one's own open one for ISV support."""
    context, key = info.context, from_global("SupportSession", given)
    if context.principal.is_staff:
        check(context, frozenset({Permission.SUPPORT_SESSION}))
        own = context.support_session
        return SupportSession.of(own.row) if own is not None and own.id == key else None
    check(context, frozenset({Permission.AUDIT_READ}))
    if key is None:
        return None
    async with context.reading() as tx:
        row = (await read_sessions_by_id(tx, [key])).get(key)
    return None if row is None else SupportSession.of(row)


@strawberry.type
class SupportSessionQueries:
    """The root field by which a tenant sees who of ISV support was in it."""

    @strawberry.field(
        description="The ISV's support in this tenant: who, why, when and how much it read; the newest first.",
        directives=AUDIT,
    )
    async def support_sessions(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> SupportSessionConnection | None:
        tx = info.context.tx
        page = await paged(lambda request: read_sessions(tx, request), first, after, last, before)
        return SupportSessionConnection.of(page)


@strawberry.type
class SupportSessionMutations:
    """All that ISV support may do: open and end its own session."""

    @strawberry.mutation(
        description="Go into a tenant, to read its logs and usage; the session that one has open ends. "
        "The tenant sees it, and every read in it.",
        directives=OWN,
        metadata={APART: True},
    )
    async def support_session_start(
        self,
        info: Info,
        input: Annotated[SupportSessionStartInput, strawberry.argument(description="Where to, why and how long.")],
    ) -> SupportSessionStartPayload | None:
        context = info.context
        wish = SessionWish(key_of("Tenant", input.tenant_id), input.reason, input.minutes)
        opened = await start_session(context.database, context.origin, wish, now=context.now)
        context.enter(opened)
        return SupportSessionStartPayload(support_session=SupportSession.of(opened.row), errors=[])

    @strawberry.mutation(
        description="Leave the tenant: end one's own open session.", directives=OWN, metadata={APART: True}
    )
    async def support_session_end(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The session's id.")],
    ) -> SupportSessionEndPayload | None:
        context, key = info.context, key_of("SupportSession", id)
        ended = await end_session(context.database, context.origin, key, now=context.now)
        context.enter(None)
        return SupportSessionEndPayload(support_session=SupportSession.of(ended), errors=[])
