"""Invitations in the schema."""

from datetime import datetime

import strawberry

from auth.invitations import InvitationRow, read_invitations, read_invitations_by_id
from auth.permissions import Permission, TenantRole
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.nodes import Node, from_global, to_global
from portal_schema.people import Person
from portal_schema.scalars import EmailAddress

READ = requires(Permission.MEMBERS_READ)


@strawberry.type(description="An invitation that waits to be accepted.", directives=READ)
class Invitation(Node):
    """An invitation; rows of `auth.invitations` become it by `of`."""

    email: EmailAddress = strawberry.field(description="The address that it was sent to, which alone can accept it.")
    role: TenantRole = strawberry.field(description="What the person will be in this tenant.")
    invited_by: Person | None = strawberry.field(description="Who sent it last; null once that member has left.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime = strawberry.field(
        description="When it stops being good. It stays in the list, to be sent again or revoked."
    )

    @classmethod
    def of(cls, row: InvitationRow) -> "Invitation":
        """The invitation in this row."""
        return cls(
            id=to_global("Invitation", row.id),
            email=EmailAddress(row.email),
            role=row.role,
            invited_by=None if row.invited_by is None else Person.of(row.invited_by),
            created_at=row.created_at,
            expires_at=row.expires_at,
        )


async def find_invitation(info: Info, given: str) -> Invitation | None:
    """The invitation of this global id, or None."""
    key = from_global("Invitation", given)
    if key is None:
        return None
    async with info.context.reading() as tx:
        row = (await read_invitations_by_id(tx, [key])).get(key)
    return None if row is None else Invitation.of(row)


@strawberry.type
class InvitationQueries:
    """The root field that reads invitations."""

    @strawberry.field(
        description="The invitations that nobody has accepted or revoked, the oldest first.", directives=READ
    )
    async def invitations(self, info: Info) -> list[Invitation] | None:
        return [Invitation.of(row) for row in await read_invitations(info.context.tx)]
