"""Tags of contacts in the schema: read, renamed and deleted. They are made where a contact gets one."""

from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.contacts.tags import TagRow, count_contacts_of, delete_tag, read_tags, read_tags_by_id, rename_tag
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.nodes import Node, from_global, key_of, to_global
from portal_schema.payloads import UserError

READ = requires(Permission.CONTACTS_READ)
WRITE = requires(Permission.CONTACTS_WRITE)
TagId = Annotated[strawberry.ID, strawberry.argument(description="The tag's id.")]


@strawberry.type(description="A group of contacts, by a word of the tenant's own.", directives=READ)
class ContactTag(Node):
    """A tag; rows of `portal.contacts` become it by `of`."""

    name: str = strawberry.field(description="The word; no two tags of a tenant differ in case alone.")
    key: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: TagRow) -> "ContactTag":
        """The tag in this row."""
        return cls(id=to_global("ContactTag", row.id), name=row.name, key=row.id)

    @strawberry.field(description="How many contacts have it.")
    async def contact_count(self, info: Info) -> int:
        async def load(keys: list[UUID]) -> list[int]:
            async with info.context.reading() as tx:
                counts = await count_contacts_of(tx, keys)
            return [counts.get(key, 0) for key in keys]

        found: int = await info.context.loader("contacts of tags", load).load(self.key)
        return found


@strawberry.enum(description="Why a tag was not renamed.")
class ContactTagRenameErrorCode(Enum):
    """The problems that `contactTagRename` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such tag.")
    NAME_TAKEN = strawberry.enum_value("NAME_TAKEN", description="Another tag has this name.")
    INVALID = strawberry.enum_value("INVALID", description="The name is empty or too long.")


@strawberry.enum(description="Why a tag was not deleted.")
class ContactTagDeleteErrorCode(Enum):
    """The problems that `contactTagDelete` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such tag.")


@strawberry.type(description="Why a tag could not be renamed.", directives=WRITE)
class ContactTagRenameUserError(UserError):
    """One problem."""

    code: ContactTagRenameErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why a tag could not be deleted.", directives=WRITE)
class ContactTagDeleteUserError(UserError):
    """One problem."""

    code: ContactTagDeleteErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `contactTagRename`.", directives=WRITE)
class ContactTagRenamePayload:
    """The tag, or errors."""

    errors: list[ContactTagRenameUserError] = strawberry.field(description="What is wrong; empty on success.")
    contact_tag: ContactTag | None = strawberry.field(default=None, description="The tag as it is now.")


@strawberry.type(description="The outcome of `contactTagDelete`.", directives=WRITE)
class ContactTagDeletePayload:
    """The id, or errors."""

    errors: list[ContactTagDeleteUserError] = strawberry.field(description="What is wrong; empty on success.")
    deleted_id: strawberry.ID | None = strawberry.field(default=None, description="The id of the tag that was.")


async def find_tag(info: Info, given: str) -> ContactTag | None:
    """The tag of this global id, or None."""
    key = from_global("ContactTag", given)
    if key is None:
        return None
    async with info.context.reading() as tx:
        row = (await read_tags_by_id(tx, [key])).get(key)
    return None if row is None else ContactTag.of(row)


@strawberry.type
class ContactTagQueries:
    """The root field that reads tags."""

    @strawberry.field(description="The tenant's tags, by name: at most 500.", directives=READ)
    async def contact_tags(self, info: Info) -> list[ContactTag] | None:
        return [ContactTag.of(row) for row in await read_tags(info.context.tx)]


@strawberry.type
class ContactTagMutations:
    """The root fields that write tags."""

    @strawberry.mutation(description="Give a tag another name. The contacts that have it keep it.", directives=WRITE)
    async def contact_tag_rename(
        self,
        info: Info,
        id: TagId,
        name: Annotated[str, strawberry.argument(description="The new name: 1 to 50 characters.")],
    ) -> ContactTagRenamePayload | None:
        row = await rename_tag(info.context.tx, key_of("ContactTag", id), name)
        return ContactTagRenamePayload(contact_tag=ContactTag.of(row), errors=[])

    @strawberry.mutation(description="Take a tag away from all contacts. The contacts stay.", directives=WRITE)
    async def contact_tag_delete(self, info: Info, id: TagId) -> ContactTagDeletePayload | None:
        await delete_tag(info.context.tx, key_of("ContactTag", id))
        return ContactTagDeletePayload(deleted_id=id, errors=[])
