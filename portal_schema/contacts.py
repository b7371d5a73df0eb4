"""Contacts in the schema."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from auth.permissions import Permission
from portal.contacts.contacts import (
    BY_CREATION,
    BY_NAME,
    ContactRow,
    read_contacts,
    read_contacts_by_id,
)
from portal.database.keyset import Keyset, Page
from portal.messages.reading import MessageOwner
from portal_schema.connections import After, Before, First, Last, PageInfo, paged
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.nodes import Node, from_global, to_global
from portal_schema.scalars import CountryCode, Json, PhoneNumber
from portal_schema.suppressions import Suppression

if TYPE_CHECKING:
    from portal_schema.messages import MessageConnection

READ = requires(Permission.CONTACTS_READ)


@strawberry.type(description="Somebody the tenant writes to.", directives=READ)
class Contact(Node):
    """A contact; rows of `portal.contacts` become it by `of`."""

    name: str | None = strawberry.field(description="The person's name; fills the variable `name` of a template.")
    number: PhoneNumber = strawberry.field(description="The phone number; no two contacts of a tenant share one.")
    country: CountryCode = strawberry.field(description="The number's country; 001 for a number of no country.")
    fields: Json = strawberry.field(description="Texts that fill the variables of templates by their names.")
    suppression: Suppression | None = strawberry.field(description="Set where this number gets no messages.")
    created_at: datetime = strawberry.field(description="When the contact was added.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")
    row: strawberry.Private[ContactRow]

    @classmethod
    def of(cls, row: ContactRow) -> "Contact":
        """The contact in this row."""
        return cls(
            id=to_global("Contact", row.id),
            name=row.name,
            number=PhoneNumber(row.number),
            country=CountryCode(row.country),
            fields=Json(row.fields),
            suppression=Suppression.of(row.suppression) if row.suppression else None,
            created_at=row.created_at,
            updated_at=row.updated_at,
            row=row,
        )

    @strawberry.field(
        description="The messages with this contact, the newest first.", directives=requires(Permission.LOGS_READ)
    )
    async def messages(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Annotated["MessageConnection", strawberry.lazy("portal_schema.messages")] | None:
        from portal_schema.messages import MessageConnection  # noqa: PLC0415  the two know each other

        return await MessageConnection.read_of(info, MessageOwner.CONTACT, self.row.id, first, after, last, before)


@strawberry.type(description="A contact in a list.", directives=READ)
class ContactEdge:
    """A contact and its place."""

    cursor: str = strawberry.field(description="The contact's place in the list.")
    node: Contact = strawberry.field(description="The contact.")


@strawberry.type(description="A page of contacts.", directives=READ)
class ContactConnection:
    """A Relay connection."""

    edges: list[ContactEdge] = strawberry.field(description="The contacts with their cursors.")
    nodes: list[Contact] = strawberry.field(description="The contacts alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[ContactRow]) -> "ContactConnection":
        """The connection of a page that was read."""
        nodes = [Contact.of(row) for row in page.items]
        edges = [ContactEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


@strawberry.input(description="Which contacts.")
class ContactFilter:
    """All conditions have to hold."""

    search: str | None = strawberry.field(
        default=None, description="A part of the name, or digits of the number; upper and lower case are alike."
    )


@strawberry.enum(description="What contacts can be sorted by.")
class ContactSortField(Enum):
    """Each is a keyset of `portal.contacts`."""

    CREATED_AT = strawberry.enum_value("CREATED_AT", description="When they were added.")
    NAME = strawberry.enum_value("NAME", description="Their name; those without one come first.")


@strawberry.enum(description="A direction of sorting.")
class SortDirection(Enum):
    """Up or down."""

    ASCENDING = strawberry.enum_value("ASCENDING", description="From small to large, from old to new, from A to Z.")
    DESCENDING = strawberry.enum_value("DESCENDING", description="From large to small, from new to old, from Z to A.")


@strawberry.input(description="How contacts are sorted.")
class ContactSort:
    """One field, one direction."""

    field: ContactSortField = strawberry.field(description="What to sort by.")
    direction: SortDirection = strawberry.field(
        default=SortDirection.ASCENDING, description="Which way; ascending unless given."
    )


def _keyset(sort: ContactSort | None) -> Keyset:
    if sort is None:
        return BY_CREATION
    base = BY_NAME if sort.field is ContactSortField.NAME else BY_CREATION
    if sort.direction is SortDirection.ASCENDING:
        return base
    return Keyset(f"{base.name}-", base.expression, descending=True)


async def find_contact(info: Info, given: str) -> Contact | None:
    """The contact of this global id, or None."""
    key = from_global("Contact", given)
    if key is None:
        return None
    async with info.context.reading() as tx:
        row = (await read_contacts_by_id(tx, [key])).get(key)
    return None if row is None else Contact.of(row)


@strawberry.type
class ContactQueries:
    """The root fields that read contacts."""

    @strawberry.field(description="The tenant's contacts; the oldest first unless sorted otherwise.", directives=READ)
    async def contacts(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            ContactFilter | None, strawberry.argument(description="Which contacts; all unless given.")
        ] = None,
        sort: Annotated[
            ContactSort | None, strawberry.argument(description="The order; as they were added unless given.")
        ] = None,
    ) -> ContactConnection | None:
        search = filter.search if filter is not None else None
        page = await paged(
            lambda request: read_contacts(info.context.tx, request, _keyset(sort), search=search),
            first,
            after,
            last,
            before,
        )
        return ContactConnection.of(page)

    @strawberry.field(description="One contact, or null where the tenant has no such contact.", directives=READ)
    async def contact(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The contact's id.")],
    ) -> Contact | None:
        return await find_contact(info, id)
