"""Leave for ISV support to see content, in the schema: the tenant gives it for a time and takes it back."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.actor import ActorKind
from portal.support.grants import SupportGrantRow, find_open_grant, grant_access, revoke_access
from portal_schema.actors import Actor
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.payloads import UserError

GRANT = requires(Permission.SUPPORT_GRANT)


@strawberry.type(
    description="The tenant's leave for ISV support to see what messages contain, in its support sessions.",
    directives=GRANT,
)
class SupportAccess:
    """A grant; rows of `portal.support` become it by `of`."""

    granted_by: Actor = strawberry.field(description="Who gave it.")
    granted_at: datetime = strawberry.field(description="Since when it holds.")
    expires_at: datetime = strawberry.field(description="When it ends of itself.")

    @classmethod
    def of(cls, row: SupportGrantRow) -> "SupportAccess":
        """The grant in this row."""
        member = Actor(kind=ActorKind.MEMBER, name=row.granted_by_name)
        return cls(granted_by=member, granted_at=row.granted_at, expires_at=row.expires_at)


@strawberry.enum(description="Why support was not let in.")
class SupportAccessGrantErrorCode(Enum):
    """The problems that `supportAccessGrant` can have."""

    INVALID = strawberry.enum_value("INVALID", description="The time is too short or too long.")


@strawberry.enum(description="Why support was not shut out.")
class SupportAccessRevokeErrorCode(Enum):
    """The problems that `supportAccessRevoke` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="Support may see no content as it is.")


@strawberry.type(description="What is wrong with leave that was to be given.", directives=GRANT)
class SupportAccessGrantUserError(UserError):
    """One problem."""

    code: SupportAccessGrantErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why leave was not taken back.", directives=GRANT)
class SupportAccessRevokeUserError(UserError):
    """One problem."""

    code: SupportAccessRevokeErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `supportAccessGrant`.", directives=GRANT)
class SupportAccessGrantPayload:
    """The leave, or errors."""

    errors: list[SupportAccessGrantUserError] = strawberry.field(description="What is wrong; empty on success.")
    support_access: SupportAccess | None = strawberry.field(default=None, description="The leave as it holds now.")


@strawberry.type(description="The outcome of `supportAccessRevoke`.", directives=GRANT)
class SupportAccessRevokePayload:
    """The leave that ended, or errors."""

    errors: list[SupportAccessRevokeUserError] = strawberry.field(description="What is wrong; empty on success.")
    support_access: SupportAccess | None = strawberry.field(default=None, description="The leave that was taken back.")


@strawberry.input(description="Leave to be given.")
class SupportAccessGrantInput:
    """For how long."""

    hours: int = strawberry.field(description="How long support may see content, 1 to 168 hours.")


@strawberry.type
class SupportAccessQueries:
    """The root field that tells whether support may see content."""

    @strawberry.field(
        description="The leave for ISV support to see content that holds now, or null where support sees none.",
        directives=GRANT,
    )
    async def support_access(self, info: Info) -> SupportAccess | None:
        row = await find_open_grant(info.context.tx, now=info.context.now)
        return None if row is None else SupportAccess.of(row)


@strawberry.type
class SupportAccessMutations:
    """The root fields that let support see content, and no longer."""

    @strawberry.mutation(
        description="Let ISV support see what messages contain, for a time; leave given before ends.",
        directives=GRANT,
    )
    async def support_access_grant(
        self,
        info: Info,
        input: Annotated[SupportAccessGrantInput, strawberry.argument(description="For how long.")],
    ) -> SupportAccessGrantPayload | None:
        member = info.context.principal.actor
        row = await grant_access(info.context.tx, member, input.hours, now=info.context.now)
        return SupportAccessGrantPayload(support_access=SupportAccess.of(row), errors=[])

    @strawberry.mutation(
        description="Take the leave back: from the next request on support sees no content.", directives=GRANT
    )
    async def support_access_revoke(self, info: Info) -> SupportAccessRevokePayload | None:
        row = await revoke_access(info.context.tx, now=info.context.now)
        return SupportAccessRevokePayload(support_access=SupportAccess.of(row), errors=[])
