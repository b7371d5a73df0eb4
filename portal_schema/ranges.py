"""Ranges of time and of days, and what is wrong with one."""

from datetime import date, datetime, timedelta

import strawberry

from portal_schema.errors import ErrorCode, RequestError

_LONGEST = timedelta(days=366)


@strawberry.input(description="A half-open range of time.")
class DateTimeRange:
    """From until."""

    from_: datetime = strawberry.field(name="from", description="The first instant in it.")
    until: datetime = strawberry.field(description="The first instant after it.")


@strawberry.input(description="A half-open range of days, in UTC.")
class DateRange:
    """From until."""

    from_: date = strawberry.field(name="from", description="The first day in it.")
    until: date = strawberry.field(description="The first day after it.")

    def check(self, *path: str) -> None:
        """Raise BAD_USER_INPUT unless it holds a day, and no more than may be."""
        if self.from_ >= self.until:
            message = "The range ends before it begins: `until` is the first day after it."
            raise RequestError(ErrorCode.BAD_USER_INPUT, message, path=[*path, "until"])
        if self.until - self.from_ > _LONGEST:
            message = f"The range is longer than {_LONGEST.days} days: ask for its parts."
            raise RequestError(ErrorCode.BAD_USER_INPUT, message, path=[*path, "until"])
