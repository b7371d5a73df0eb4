"""Consent and preferences of consumers, in the schema."""

from datetime import datetime, time

import strawberry

from auth.permissions import Permission
from portal.contacts.consent import ConsentRow, ConsentStatement, ConsentStatus
from portal.contacts.preferences import QuietHours as Hours
from portal_schema.guards import requires

READ = requires(Permission.CONTACTS_READ)


@strawberry.type(description="Whether a person agreed to get messages, as it was said last.", directives=READ)
class Consent:
    """Consent; rows of `portal.contacts` become it by `of`."""

    status: ConsentStatus = strawberry.field(description="What holds now. WITHDRAWN: nothing is sent.")
    source: str | None = strawberry.field(description="How it came about; null where nobody said anything.")
    recorded_at: datetime | None = strawberry.field(description="When it was recorded.")

    @classmethod
    def of(cls, row: ConsentRow) -> "Consent":
        """The consent in this row."""
        return cls(status=row.status, source=row.source, recorded_at=row.recorded_at)


@strawberry.type(description="When a person wants to hear nothing; it may span midnight.", directives=READ)
class QuietHours:
    """Hours in the time zone of the number."""

    from_: str = strawberry.field(name="from", description="The first minute of silence, such as 21:00.")
    until: str = strawberry.field(description="The first minute after it, such as 08:00.")

    @classmethod
    def of(cls, hours: Hours) -> "QuietHours":
        """These hours."""
        return cls(from_=_written(hours.begin), until=_written(hours.end))


@strawberry.input(description="What is known of a person's consent; it is kept as evidence.")
class ConsentInput:
    """A statement."""

    status: ConsentStatus = strawberry.field(description="Whether they agreed. WITHDRAWN: nothing is sent any more.")
    source: str = strawberry.field(
        description='How it came about, in 1 to 200 characters, such as "paper form at the counter".'
    )
    shown: str | None = strawberry.field(
        default=None, description="The text that the person saw when they agreed: at most 2,000 characters."
    )

    def stated(self) -> ConsentStatement:
        """The statement as the business takes it."""
        return ConsentStatement(self.status, self.source.strip(), self.shown)


def _written(hour: time) -> str:
    return hour.strftime("%H:%M")
