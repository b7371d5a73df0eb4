"""Erasing persons, in the schema: asked for, and the receipt."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.database.keyset import Page
from portal.erasure.receipts import Erased, ErasureState, ReceiptRow, WaitsFor, read_receipts, read_receipts_by_id
from portal.erasure.requesting import request_erasure
from portal_schema.connections import After, Before, First, Last, PageInfo, paged
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.nodes import Node, from_global, key_of, to_global
from portal_schema.payloads import UserError

READ = requires(Permission.CONTACTS_READ)
WRITE = requires(Permission.CONTACTS_WRITE)


@strawberry.type(description="How much of a person was erased.", directives=READ)
class ErasedCounts:
    """Counts of rows and records; nothing of what stood in them."""

    messages: int = strawberry.field(description="Messages whose text, number and contact are gone here.")
    calls: int = strawberry.field(description="Calls whose number is gone.")
    conversations: int = strawberry.field(description="Conversations.")
    refusals: int = strawberry.field(description="Refusals of sends whose number and contact are gone.")
    consents: int = strawberry.field(description="Pieces of evidence of consent.")
    reports: int = strawberry.field(description="Raw reports of carriers.")
    events: int = strawberry.field(description="Events that were told to webhooks.")
    audit_entries: int = strawberry.field(description="Entries of the audit log whose content is gone.")
    carrier_messages: int = strawberry.field(description="Messages that were emptied and deleted at the carrier's.")
    carrier_calls: int = strawberry.field(description="Records of calls that were deleted at the carrier's.")

    @classmethod
    def of(cls, erased: dict[str, int]) -> "ErasedCounts":
        """These counts."""
        return cls(**{what.name.lower(): erased.get(what, 0) for what in Erased if what is not Erased.CONTACTS})


@strawberry.type(description="The receipt of an erasure. It names nobody.", directives=READ)
class ContactErasure(Node):
    """An erasure; rows of `portal.erasure` become it by `of`."""

    state: ErasureState = strawberry.field(description="Whether all of it is done.")
    waits_for: WaitsFor | None = strawberry.field(description="What it has to wait for; it goes on by itself.")
    requested_at: datetime = strawberry.field(description="When it was asked for; the contact was gone from then on.")
    erased_here_at: datetime | None = strawberry.field(description="When it was last erased in the portal.")
    erased_at_carrier_at: datetime | None = strawberry.field(description="When it was last erased at the carrier's.")
    erased: ErasedCounts = strawberry.field(description="How much was erased.")
    digest: str | None = strawberry.field(
        description="SHA-256 of the receipt in canonical form, in hexadecimal; null until it is done."
    )

    @classmethod
    def of(cls, row: ReceiptRow) -> "ContactErasure":
        """The receipt in this row."""
        return cls(
            id=to_global("ContactErasure", row.id),
            state=row.state,
            waits_for=row.waits_for,
            requested_at=row.requested_at,
            erased_here_at=row.erased_here_at,
            erased_at_carrier_at=row.erased_there_at,
            erased=ErasedCounts.of(row.erased),
            digest=None if row.digest is None else row.digest.hex(),
        )


@strawberry.type(description="An erasure in a list.", directives=READ)
class ContactErasureEdge:
    """An erasure and its place."""

    cursor: str = strawberry.field(description="The erasure's place in the list.")
    node: ContactErasure = strawberry.field(description="The erasure.")


@strawberry.type(description="A page of erasures.", directives=READ)
class ContactErasureConnection:
    """A Relay connection."""

    edges: list[ContactErasureEdge] = strawberry.field(description="The erasures with their cursors.")
    nodes: list[ContactErasure] = strawberry.field(description="The erasures alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[ReceiptRow]) -> "ContactErasureConnection":
        """The connection of a page that was read."""
        nodes = [ContactErasure.of(row) for row in page.items]
        edges = [ContactErasureEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


@strawberry.enum(description="Why nobody was erased.")
class ContactEraseErrorCode(Enum):
    """The problems that `contactErase` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such contact.")


@strawberry.type(description="Why a person could not be erased.", directives=WRITE)
class ContactEraseUserError(UserError):
    """One problem."""

    code: ContactEraseErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `contactErase`.", directives=WRITE)
class ContactErasePayload:
    """The receipt, or errors."""

    errors: list[ContactEraseUserError] = strawberry.field(description="What is wrong; empty on success.")
    contact_erasure: ContactErasure | None = strawberry.field(
        default=None, description="The receipt as it is now: ask for it again, by its id, until it is done."
    )


async def find_erasure(info: Info, given: str) -> ContactErasure | None:
    """The erasure of this global id, or None."""
    key = from_global("ContactErasure", given)
    if key is None:
        return None
    async with info.context.reading() as tx:
        row = (await read_receipts_by_id(tx, [key])).get(key)
    return None if row is None else ContactErasure.of(row)


@strawberry.type
class ContactErasureQueries:
    """The root field that lists receipts."""

    @strawberry.field(description="The receipts of all persons that were erased, the newest first.", directives=READ)
    async def contact_erasures(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> ContactErasureConnection | None:
        page = await paged(lambda request: read_receipts(info.context.tx, request), first, after, last, before)
        return ContactErasureConnection.of(page)


@strawberry.type
class ContactErasureMutations:
    """The root field that erases persons."""

    @strawberry.mutation(
        description="Erase a person, here and at the carrier's: name, numbers, texts, consent and raw reports. What "
        "is counted and billed stays, and so does the number on the list of those who want no messages.",
        directives=WRITE,
    )
    async def contact_erase(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The contact's id.")],
    ) -> ContactErasePayload | None:
        context = info.context
        key = await request_erasure(context.tx, key_of("Contact", id), context.principal.actor, now=context.now)
        row = (await read_receipts_by_id(context.tx, [key]))[key]
        return ContactErasePayload(contact_erasure=ContactErasure.of(row), errors=[])
