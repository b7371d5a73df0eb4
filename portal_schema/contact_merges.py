"""Merging contacts, in the schema."""

from enum import Enum
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.contacts.contacts import read_contacts_by_id
from portal.contacts.merging import merge_contacts
from portal_schema.contacts import Contact
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.nodes import key_of
from portal_schema.payloads import UserError

WRITE = requires(Permission.CONTACTS_WRITE)


@strawberry.enum(description="Why two contacts were not merged.")
class ContactMergeErrorCode(Enum):
    """The problems that `contactMerge` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such contact.")
    INVALID = strawberry.enum_value("INVALID", description="Both are the same contact.")


@strawberry.type(description="Why two contacts could not be merged.", directives=WRITE)
class ContactMergeUserError(UserError):
    """One problem."""

    code: ContactMergeErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `contactMerge`.", directives=WRITE)
class ContactMergePayload:
    """The contact, or errors."""

    errors: list[ContactMergeUserError] = strawberry.field(description="What is wrong; empty on success.")
    contact: Contact | None = strawberry.field(default=None, description="The kept contact as it is now.")


@strawberry.input(description="Two contacts that are one person.")
class ContactMergeInput:
    """Which one stays."""

    kept_id: strawberry.ID = strawberry.field(description="The contact that stays; its own name and fields win.")
    merged_id: strawberry.ID = strawberry.field(
        description="The contact that goes: its tags, its messages and what the other lacks become the other's."
    )


@strawberry.type
class ContactMergeMutations:
    """The root field that merges contacts."""

    @strawberry.mutation(
        description="Merge two contacts that are one person. Where either wants no messages, neither number gets any.",
        directives=WRITE,
    )
    async def contact_merge(
        self,
        info: Info,
        input: Annotated[ContactMergeInput, strawberry.argument(description="The contacts.")],
    ) -> ContactMergePayload | None:
        context, key = info.context, key_of("Contact", input.kept_id)
        merged = key_of("Contact", input.merged_id)
        await merge_contacts(context.tx, key, merged, context.principal.actor, now=context.now)
        row = (await read_contacts_by_id(context.tx, [key]))[key]
        return ContactMergePayload(contact=Contact.of(row), errors=[])
