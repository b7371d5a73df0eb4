"""Changes of contacts in the schema."""

from dataclasses import replace
from enum import Enum
from typing import Annotated, Any

import strawberry

from auth.permissions import Permission
from portal.contacts.contacts import ContactChange, create_contact, delete_contact, read_contacts_by_id, update_contact
from portal_schema.consent import ConsentInput
from portal_schema.contacts import Contact
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.nodes import key_of
from portal_schema.payloads import UserError
from portal_schema.scalars import Json

WRITE = requires(Permission.CONTACTS_WRITE)


@strawberry.enum(description="Why a contact was not created.")
class ContactCreateErrorCode(Enum):
    """The problems that `contactCreate` can have."""

    INVALID_NUMBER = strawberry.enum_value("INVALID_NUMBER", description="The number is no phone number.")
    NUMBER_TAKEN = strawberry.enum_value("NUMBER_TAKEN", description="Another contact has this number.")
    INVALID = strawberry.enum_value("INVALID", description="A value is too long or not of the kind asked for.")
    CONSENT_WITHDRAWN = strawberry.enum_value(
        "CONSENT_WITHDRAWN", description="The person withdrew their consent themselves: only they can give it again."
    )


@strawberry.enum(description="Why a contact was not changed.")
class ContactUpdateErrorCode(Enum):
    """The problems that `contactUpdate` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such contact.")
    INVALID_NUMBER = strawberry.enum_value("INVALID_NUMBER", description="The number is no phone number.")
    NUMBER_TAKEN = strawberry.enum_value("NUMBER_TAKEN", description="Another contact has this number.")
    INVALID = strawberry.enum_value("INVALID", description="A value is too long or not of the kind asked for.")
    CONSENT_WITHDRAWN = strawberry.enum_value(
        "CONSENT_WITHDRAWN", description="The person withdrew their consent themselves: only they can give it again."
    )


@strawberry.enum(description="Why a contact was not deleted.")
class ContactDeleteErrorCode(Enum):
    """The problems that `contactDelete` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such contact.")


@strawberry.type(description="What is wrong with a contact to be created.", directives=WRITE)
class ContactCreateUserError(UserError):
    """One problem."""

    code: ContactCreateErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="What is wrong with a change of a contact.", directives=WRITE)
class ContactUpdateUserError(UserError):
    """One problem."""

    code: ContactUpdateErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why a contact could not be deleted.", directives=WRITE)
class ContactDeleteUserError(UserError):
    """One problem."""

    code: ContactDeleteErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `contactCreate`.", directives=WRITE)
class ContactCreatePayload:
    """The contact, or errors."""

    errors: list[ContactCreateUserError] = strawberry.field(description="What is wrong; empty on success.")
    contact: Contact | None = strawberry.field(default=None, description="The new contact.")


@strawberry.type(description="The outcome of `contactUpdate`.", directives=WRITE)
class ContactUpdatePayload:
    """The contact, or errors."""

    errors: list[ContactUpdateUserError] = strawberry.field(description="What is wrong; empty on success.")
    contact: Contact | None = strawberry.field(default=None, description="The contact as it is now.")


@strawberry.type(description="The outcome of `contactDelete`.", directives=WRITE)
class ContactDeletePayload:
    """The id, or errors."""

    errors: list[ContactDeleteUserError] = strawberry.field(description="What is wrong; empty on success.")
    deleted_id: strawberry.ID | None = strawberry.field(default=None, description="The id of the contact that was.")


@strawberry.input(description="A contact to be created.")
class ContactCreateInput:
    """What a new contact holds."""

    number: str = strawberry.field(
        description="The phone number as people write it; without a country code it is a US one."
    )
    name: str | None = strawberry.field(default=None, description="The person's name, at most 200 characters.")
    fields: Json | None = strawberry.field(
        default=None, description="Texts for the variables of templates: at most 50, of 1,000 characters each."
    )
    tags: list[str] | None = strawberry.field(
        default=None, description="Names of tags, at most 20 of 50 characters; one that is new is made."
    )
    consent: ConsentInput | None = strawberry.field(
        default=None, description="Whether the person agreed to get messages."
    )


@strawberry.input(description="A change of a contact: what is left out stays as it is.")
class ContactUpdateInput:
    """What to change."""

    name: str | None = strawberry.field(default=strawberry.UNSET, description="The new name; null takes it away.")
    number: str | None = strawberry.field(default=strawberry.UNSET, description="The new number.")
    fields: Json | None = strawberry.field(
        default=strawberry.UNSET, description="The new fields, all of them; null takes them away."
    )
    tags: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="The names of its tags, all of them; null takes them away."
    )
    consent: ConsentInput | None = strawberry.field(
        default=None, description="What the person says now. It stays as it is unless given."
    )


def _change(input: ContactCreateInput | ContactUpdateInput) -> ContactChange:
    given = {"name": input.name, "number": input.number, "fields": input.fields}
    values: dict[str, Any] = {name: value for name, value in given.items() if value is not strawberry.UNSET}
    if "fields" in values and values["fields"] is None:
        values["fields"] = {}
    return ContactChange(
        values,
        None if input.tags is strawberry.UNSET else input.tags,
        input.consent.stated() if input.consent else None,
    )


@strawberry.type
class ContactMutations:
    """The root fields that write contacts."""

    @strawberry.mutation(description="Add a contact.", directives=WRITE)
    async def contact_create(
        self,
        info: Info,
        input: Annotated[ContactCreateInput, strawberry.argument(description="The contact.")],
    ) -> ContactCreatePayload | None:
        context, tx = info.context, info.context.tx
        key = await create_contact(tx, _change(input), context.principal.actor, now=context.now)
        row = (await read_contacts_by_id(tx, [key]))[key]
        return ContactCreatePayload(contact=Contact.of(row), errors=[])

    @strawberry.mutation(description="Change a contact.", directives=WRITE)
    async def contact_update(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The contact's id.")],
        input: Annotated[ContactUpdateInput, strawberry.argument(description="What to change.")],
    ) -> ContactUpdatePayload | None:
        context, tx, key = info.context, info.context.tx, key_of("Contact", id)
        change = _change(input)
        if input.tags is None:
            change = replace(change, tags=())
        await update_contact(tx, key, change, context.principal.actor, now=context.now)
        row = (await read_contacts_by_id(tx, [key]))[key]
        return ContactUpdatePayload(contact=Contact.of(row), errors=[])

    @strawberry.mutation(
        description="Delete a contact. Its messages stay, and so does its wish to get none.", directives=WRITE
    )
    async def contact_delete(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The contact's id.")],
    ) -> ContactDeletePayload | None:
        await delete_contact(info.context.tx, key_of("Contact", id))
        return ContactDeletePayload(deleted_id=id, errors=[])
