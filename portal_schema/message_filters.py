"""Which messages a list holds, and in which order."""

from enum import Enum

import strawberry

from portal.messages.reading import MessageFilter as Only
from portal.messages.status import MessageStatus
from portal_schema.contacts import SortDirection
from portal_schema.delivery import MessageDirection
from portal_schema.nodes import key_of
from portal_schema.ranges import DateTimeRange


@strawberry.input(description="Which messages; all conditions have to hold.")
class MessageFilter:
    """Conditions; what is left out asks for all."""

    status: list[MessageStatus] | None = strawberry.field(default=None, description="Those in one of these statuses.")
    direction: MessageDirection | None = strawberry.field(default=None, description="Those that go this way.")
    contact_id: strawberry.ID | None = strawberry.field(default=None, description="Those with this contact.")
    batch_id: strawberry.ID | None = strawberry.field(default=None, description="Those of this send.")
    created_in: DateTimeRange | None = strawberry.field(default=None, description="Those accepted in this range.")

    def narrowed(self) -> Only:
        """The filter as the business takes it."""
        span = self.created_in
        return Only(
            statuses=tuple(self.status) if self.status is not None else None,
            direction=self.direction.name if self.direction is not None else None,
            contact_id=key_of("Contact", self.contact_id) if self.contact_id is not None else None,
            batch_id=key_of("MessageBatch", self.batch_id) if self.batch_id is not None else None,
            created_from=span.from_ if span else None,
            created_until=span.until if span else None,
        )


@strawberry.enum(description="What messages can be sorted by.")
class MessageSortField(Enum):
    """Each is a keyset of `portal.messages`."""

    CREATED_AT = strawberry.enum_value("CREATED_AT", description="When they were accepted.")


@strawberry.input(description="How messages are sorted.")
class MessageSort:
    """One field, one direction."""

    field: MessageSortField = strawberry.field(description="What to sort by.")
    direction: SortDirection = strawberry.field(
        default=SortDirection.DESCENDING, description="Which way; descending unless given."
    )
