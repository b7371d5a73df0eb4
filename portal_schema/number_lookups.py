"""Look-ups of numbers, in the schema."""

from datetime import datetime
from typing import Optional

import strawberry

from auth.permissions import Permission
from portal.contacts.contacts import ContactRow
from portal.contacts.preferences import LookupState
from portal_schema.guards import requires
from portal_schema.scalars import CountryCode


@strawberry.type(
    description="The last look-up of a number, and what was told last.",
    directives=requires(Permission.CONTACTS_READ),
)
class NumberLookup:
    """A look-up; rows of `portal.contacts` become it by `of`."""

    state: LookupState = strawberry.field(description="How far it is.")
    valid: bool | None = strawberry.field(
        description="Whether anybody can have the number; if not, sends to it are refused. Null until it is told."
    )
    country: CountryCode | None = strawberry.field(description="The country that the carriers know it in.")
    looked_up_at: datetime | None = strawberry.field(description="When it was told; null until then.")

    @classmethod
    def of(cls, contact: ContactRow) -> Optional["NumberLookup"]:
        """The look-up of this contact's number, or None where there was none."""
        line = contact.line
        if line is None:
            asked = contact.lookup
            return None if asked is None else cls(state=asked, valid=None, country=None, looked_up_at=None)
        country = None if line.country is None else CountryCode(line.country)
        state = contact.lookup or LookupState.DONE
        return cls(state=state, valid=line.valid, country=country, looked_up_at=line.looked_up_at)
