"""Members in the schema."""

from datetime import datetime

import strawberry

from auth.members import MemberRow, read_members, read_members_by_id
from auth.permissions import Permission, TenantRole
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.nodes import Node, from_global, to_global
from portal_schema.people import Person

READ = requires(Permission.MEMBERS_READ)


@strawberry.type(description="Somebody who belongs to the tenant.", directives=READ)
class Member(Node):
    """A member; rows of `auth.members` become it by `of`."""

    person: Person = strawberry.field(description="Who it is.")
    role: TenantRole = strawberry.field(description="What the person is in this tenant.")
    joined_at: datetime = strawberry.field(description="Since when the person belongs to the tenant.")
    last_seen_at: datetime | None = strawberry.field(
        description="When the person last used the portal's page in this tenant, to the minute; null before that."
    )
    second_factor: bool = strawberry.field(
        description="Whether the person signs in with a second factor besides the password."
    )

    @classmethod
    def of(cls, row: MemberRow) -> "Member":
        """The member in this row."""
        return cls(
            id=to_global("Member", row.id),
            person=Person.of(row.person),
            role=row.role,
            joined_at=row.joined_at,
            last_seen_at=row.last_seen_at,
            second_factor=row.second_factor,
        )


async def find_member(info: Info, given: str) -> Member | None:
    """The member of this global id, or None."""
    key = from_global("Member", given)
    if key is None:
        return None
    async with info.context.reading() as tx:
        row = (await read_members_by_id(tx, [key])).get(key)
    return None if row is None else Member.of(row)


@strawberry.type
class MemberQueries:
    """The root field that reads members."""

    @strawberry.field(description="Who belongs to the tenant, by name.", directives=READ)
    async def members(self, info: Info) -> list[Member] | None:
        return [Member.of(row) for row in await read_members(info.context.tx)]
