"""Contacts in the schema."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from auth.permissions import Permission
from portal.contacts.consent import ConsentStatus
from portal.contacts.contacts import BY_CREATION, BY_NAME, ContactRow, read_contacts, read_contacts_by_id
from portal.contacts.filtering import ContactFilter as Only
from portal.contacts.preferences import ContactChannel, LineType
from portal.database.keyset import Keyset, Page
from portal.messages.reading import MessageOwner
from portal_schema.connections import After, Before, First, Last, PageInfo, paged
from portal_schema.consent import Consent, QuietHours
from portal_schema.contact_tags import ContactTag
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.nodes import Node, from_global, key_of, to_global
from portal_schema.number_lookups import NumberLookup
from portal_schema.ranges import DateTimeRange
from portal_schema.scalars import CountryCode, Json, PhoneNumber
from portal_schema.suppressions import Suppression

if TYPE_CHECKING:
    from portal_schema.message_lists import MessageConnection

READ = requires(Permission.CONTACTS_READ)


@strawberry.type(description="Somebody the tenant writes to.", directives=READ)
class Contact(Node):
    """A contact; rows of `portal.contacts` become it by `of`."""

    name: str | None = strawberry.field(description="The person's name; fills the variable `name` of a template.")
    number: PhoneNumber = strawberry.field(description="The phone number; no two contacts of a tenant share one.")
    country: CountryCode = strawberry.field(description="The number's country; 001 for a number of no country.")
    fields: Json = strawberry.field(description="Texts that fill the variables of templates by their names.")
    tags: list[ContactTag] = strawberry.field(description="Its tags, by name.")
    consent: Consent = strawberry.field(description="Whether the person agreed to get messages.")
    preferred_channel: ContactChannel = strawberry.field(
        description="By what the person wants to be reached; SMS until they choose."
    )
    topics: list[str] = strawberry.field(
        description="The topics of the tenant that the person did not decline: all of them until they choose."
    )
    quiet_hours: QuietHours | None = strawberry.field(
        description="When the person wants to hear nothing, if they said."
    )
    line: LineType | None = strawberry.field(description="What kind of line the number is; null until it is looked up.")
    lookup: NumberLookup | None = strawberry.field(
        description="The last look-up of the number; null where there was none."
    )
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
            tags=[ContactTag.of(tag) for tag in row.tags],
            consent=Consent.of(row.consent),
            preferred_channel=row.channel,
            topics=list(row.topics),
            quiet_hours=QuietHours.of(row.quiet) if row.quiet else None,
            line=row.line.type if row.line else None,
            lookup=NumberLookup.of(row),
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
    ) -> Annotated["MessageConnection", strawberry.lazy("portal_schema.message_lists")] | None:
        from portal_schema.message_lists import MessageConnection  # noqa: PLC0415  the two know each other

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
    tag_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Those with at least one of these tags."
    )
    countries: list[CountryCode] | None = strawberry.field(
        default=None, description="Those whose number is of one of these countries."
    )
    suppressed: bool | None = strawberry.field(
        default=None, description="Those whose number gets no messages, or those whose does."
    )
    consent: ConsentStatus | None = strawberry.field(default=None, description="Those whose consent is this.")
    created_in: DateTimeRange | None = strawberry.field(default=None, description="Those added in this range.")

    def narrowed(self) -> Only:
        """The filter as the business takes it."""
        span = self.created_in
        return Only(
            search=self.search,
            tag_ids=None if self.tag_ids is None else tuple(key_of("ContactTag", given) for given in self.tag_ids),
            countries=None if self.countries is None else tuple(self.countries),
            suppressed=self.suppressed,
            consent=self.consent,
            created_from=span.from_ if span else None,
            created_until=span.until if span else None,
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
        only = filter.narrowed() if filter is not None else Only()
        page = await paged(
            lambda request: read_contacts(info.context.tx, request, _keyset(sort), only),
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
