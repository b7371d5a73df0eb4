"""People in the schema."""

import strawberry

from auth.people import PersonRow
from portal_schema.guards import requires
from portal_schema.nodes import to_global
from portal_schema.scalars import EmailAddress, Locale, TimeZone


@strawberry.type(description="Somebody who signs in.", directives=requires())
class Person:
    """A person."""

    id: strawberry.ID = strawberry.field(description="The person's id.")
    name: str = strawberry.field(description="The person's name.")
    email: EmailAddress = strawberry.field(description="The address that the person signs in with.")
    locale: Locale = strawberry.field(description="The language that the person reads.")
    time_zone: TimeZone = strawberry.field(description="The zone that the person lives in.")

    @classmethod
    def of(cls, row: PersonRow) -> "Person":
        """The person in this row."""
        return cls(
            id=to_global("Person", row.id),
            name=row.name,
            email=EmailAddress(row.email),
            locale=Locale(row.locale),
            time_zone=TimeZone(row.time_zone),
        )
