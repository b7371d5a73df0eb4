"""Changes of members in the schema."""

from enum import Enum
from typing import Annotated

import strawberry

from auth.members import change_role, read_members_by_id, remove_member
from auth.permissions import Permission, TenantRole
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.members import Member
from portal_schema.nodes import key_of
from portal_schema.payloads import UserError

WRITE = requires(Permission.MEMBERS_WRITE)


@strawberry.enum(description="Why a member's role was not changed.")
class MemberRoleChangeErrorCode(Enum):
    """The problems that `memberRoleChange` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such member.")
    ONLY_THE_OWNER = strawberry.enum_value(
        "ONLY_THE_OWNER", description="Only the Owner makes Administrators and changes their roles."
    )
    OWNER_BY_TRANSFER_ONLY = strawberry.enum_value(
        "OWNER_BY_TRANSFER_ONLY", description="Only a transfer of ownership makes an Owner or takes that role."
    )


@strawberry.enum(description="Why a member was not removed.")
class MemberRemoveErrorCode(Enum):
    """The problems that `memberRemove` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such member.")
    ONLY_THE_OWNER = strawberry.enum_value("ONLY_THE_OWNER", description="Only the Owner removes Administrators.")
    OWNER_BY_TRANSFER_ONLY = strawberry.enum_value(
        "OWNER_BY_TRANSFER_ONLY", description="The Owner stays until the ownership is transferred."
    )


@strawberry.type(description="Why a member's role could not be changed.", directives=WRITE)
class MemberRoleChangeUserError(UserError):
    """One problem."""

    code: MemberRoleChangeErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why a member could not be removed.", directives=WRITE)
class MemberRemoveUserError(UserError):
    """One problem."""

    code: MemberRemoveErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `memberRoleChange`.", directives=WRITE)
class MemberRoleChangePayload:
    """The member, or errors."""

    errors: list[MemberRoleChangeUserError] = strawberry.field(description="What is wrong; empty on success.")
    member: Member | None = strawberry.field(default=None, description="The member in the new role.")


@strawberry.type(description="The outcome of `memberRemove`.", directives=WRITE)
class MemberRemovePayload:
    """Who is gone, or errors."""

    errors: list[MemberRemoveUserError] = strawberry.field(description="What is wrong; empty on success.")
    removed_id: strawberry.ID | None = strawberry.field(default=None, description="The id of the member that was.")


@strawberry.type
class MemberMutations:
    """The root fields that change members."""

    @strawberry.mutation(
        description="Give a member another role; it holds from the member's next request on. "
        "What the member invited or made, and may no more, ends.",
        directives=WRITE,
    )
    async def member_role_change(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The member's id.")],
        role: Annotated[TenantRole, strawberry.argument(description="The new role, any but OWNER.")],
    ) -> MemberRoleChangePayload | None:
        context, key = info.context, key_of("Member", id)
        await change_role(context.tx, key, role, actor_id=context.principal.id, now=context.now)
        row = (await read_members_by_id(context.tx, [key]))[key]
        return MemberRoleChangePayload(member=Member.of(row), errors=[])

    @strawberry.mutation(
        description="Take a member out of the tenant, from the member's next request on; "
        "whoever but the Owner may do so may also leave this way.",
        directives=WRITE,
    )
    async def member_remove(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The member's id.")],
    ) -> MemberRemovePayload | None:
        context = info.context
        await remove_member(context.tx, key_of("Member", id), actor_id=context.principal.id, now=context.now)
        return MemberRemovePayload(removed_id=id, errors=[])
