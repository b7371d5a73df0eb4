"""Looking contacts' numbers up, in the schema."""

from enum import Enum
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.contacts.contacts import read_contacts_by_id
from portal.lookups.asking import look_up_contact
from portal_schema.contacts import Contact
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.nodes import key_of
from portal_schema.payloads import UserError

WRITE = requires(Permission.CONTACTS_WRITE)


@strawberry.enum(description="Why a contact was not looked up.")
class ContactLookupErrorCode(Enum):
    """The problems that `contactLookup` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such contact.")
    TENANT_NOT_ACTIVE = strawberry.enum_value(
        "TENANT_NOT_ACTIVE", description="The tenant is suspended, or not set up yet: nobody is looked up."
    )
    NO_PLAN = strawberry.enum_value("NO_PLAN", description="The tenant has no plan yet.")
    COUNTRY_NOT_IN_PLAN = strawberry.enum_value(
        "COUNTRY_NOT_IN_PLAN", description="The plan does not reach the person's country."
    )
    TOO_MANY_LOOKUPS = strawberry.enum_value(
        "TOO_MANY_LOOKUPS", description="Too many numbers are looked up at once: ask again in a minute."
    )
    SPEND_CAP_REACHED = strawberry.enum_value(
        "SPEND_CAP_REACHED", description="The look-up would go over the spend cap of the month."
    )


@strawberry.type(description="Why a contact was not looked up.", directives=WRITE)
class ContactLookupUserError(UserError):
    """One problem."""

    code: ContactLookupErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `contactLookup`.", directives=WRITE)
class ContactLookupPayload:
    """The contact, or errors."""

    errors: list[ContactLookupUserError] = strawberry.field(description="What is wrong; empty on success.")
    contact: Contact | None = strawberry.field(
        default=None,
        description="The contact as it is now: ask for it again until the `state` of its `lookup` is not WAITING.",
    )


@strawberry.type
class ContactLookupMutations:
    """The root field that looks contacts up."""

    @strawberry.mutation(
        description="Ask the carriers whether anybody can have a contact's number, and what kind of line it is. It "
        "costs a look-up, once: a number that was looked up in the last 30 days, or is just being, is not asked about "
        "again, so the mutation may be repeated at will.",
        directives=requires(Permission.CONTACTS_WRITE, cost=20),
    )
    async def contact_lookup(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The contact's id.")],
    ) -> ContactLookupPayload | None:
        tx, key = info.context.tx, key_of("Contact", id)
        await look_up_contact(tx, key, now=info.context.now)
        row = (await read_contacts_by_id(tx, [key]))[key]
        return ContactLookupPayload(contact=Contact.of(row), errors=[])
