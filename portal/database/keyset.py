"""The one reader of lists: pages by key, rows as records, one statement a page.

A cursor is the last row's sort value and id, so a page stays right while rows come and go before it.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Generic, TypeVar
from uuid import UUID

import orjson

from portal.database.connection import Row, Transaction

Item = TypeVar("Item")
Key = TypeVar("Key", UUID, str)
MAX_PAGE = 100
DEFAULT_PAGE = 25


class PageError(ValueError):
    """The page arguments or the cursor make no sense; the text is for the client."""


@dataclass(frozen=True, slots=True)
class Keyset:
    """What a list is sorted by: one expression (or none), then the id, which for UUIDv7 is the time of making."""

    name: str
    expression: str | None = None
    descending: bool = False
    of_time: bool = False
    """Whether the expression is a timestamptz; else it is a text."""

    def cursor(self, row: Row) -> str:
        """The row's place in the list, as clients see it: opaque."""
        value = None if self.expression is None else row["sort_value"]
        return base64.urlsafe_b64encode(orjson.dumps([self.name, value, str(row["id"])])).decode().rstrip("=")

    def place(self, cursor: str) -> tuple[str | datetime | None, UUID]:
        """What a cursor of this list says.

        Raises:
            PageError: it is a cursor of another sort order, or none at all.
        """
        try:
            raw = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            name, value, row_id = raw
            found = UUID(row_id)
        except (ValueError, TypeError, AttributeError, binascii.Error) as error:
            raise PageError("This is no cursor of this list: pass one that a page of it gave.") from error
        if isinstance(value, str) and "\0" in value:  # no text in PostgreSQL has one, so no cursor of ours
            raise PageError("This is no cursor of this list: pass one that a page of it gave.")
        if name != self.name or (value is None) != (self.expression is None) or not isinstance(value, str | None):
            raise PageError("This cursor belongs to another sort order: start again from the first page.")
        return _instant(value) if self.of_time and value is not None else value, found


def _instant(value: str) -> datetime:
    try:
        found = datetime.fromisoformat(value)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise PageError("This is no cursor of this list: pass one that a page of it gave.") from error


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a list is asked for; make it with `of`."""

    size: int
    backward: bool
    cursor: str | None

    @classmethod
    def of(cls, first: int | None, after: str | None, last: int | None, before: str | None) -> "PageRequest":
        """Check the four arguments of a Relay connection.

        Raises:
            PageError: both directions at once, a cursor without its direction, or a size outside 1 to 100.
        """
        if first is not None and last is not None:
            raise PageError("Ask for `first` or `last`, not for both.")
        if last is None and before is not None:
            raise PageError("`before` goes with `last`.")
        if last is not None and after is not None:
            raise PageError("`after` goes with `first`.")
        size = last if last is not None else first if first is not None else DEFAULT_PAGE
        if not 1 <= size <= MAX_PAGE:
            raise PageError(f"A page holds 1 to {MAX_PAGE} items.")
        return cls(size, last is not None, before if last is not None else after)


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A part of a list, in the list's order."""

    items: list[Item]
    cursors: list[str]
    has_next: bool
    has_previous: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """A list in SQL: its columns, its source and its conditions, whose arguments are numbered from $1."""

    columns: str
    source: str
    id_column: str
    conditions: Sequence[str]
    arguments: Sequence[object]


async def read_page(
    tx: Transaction, listing: Listing, keyset: Keyset, request: PageRequest, make: Callable[[Row], Item]
) -> Page[Item]:
    """Read one page; each row becomes an item by `make`.

    Raises:
        PageError: the cursor is not one of this list.
    """
    statement, is_beyond, arguments = _statement(listing, keyset, request)
    rows = await tx.rows(statement, *arguments)
    # Beyond the cursor lies at least the row that the cursor was made from, unless it has gone since.
    beyond = rows[0]["beyond"] if rows else request.cursor is not None and await tx.value(is_beyond, *arguments)
    return _page(rows, keyset, request, make, beyond=bool(beyond))


async def read_pages_of(
    tx: Transaction,
    listing: Listing,
    owner_column: str,
    owners: Sequence[Key],
    keyset: Keyset,
    request: PageRequest,
    make: Callable[[Row], Item],
) -> dict[Key, Page[Item]]:
    """Read a page of each owner's own list: in one statement where no cursor is given, for that belongs to one list.

    A list that goes by a text takes one for each owner: the database alone knows the order of texts.

    Raises:
        PageError: the cursor is not one of this list.
    """
    owned = [*listing.conditions, f"{owner_column} = ${len(listing.arguments) + 1}"]
    if request.cursor is not None or (keyset.expression is not None and not keyset.of_time):
        return {
            owner: await read_page(
                tx, replace(listing, conditions=owned, arguments=[*listing.arguments, owner]), keyset, request, make
            )
            for owner in dict.fromkeys(owners)
        }
    each = replace(listing, conditions=[*listing.conditions, f"{owner_column} = owner.key"])
    statement, _, arguments = _statement(each, keyset, request)
    kind = "text" if all(isinstance(owner, str) for owner in owners) else "uuid"
    rows = await tx.rows(
        f"SELECT owner.key AS owner_key, page.* FROM unnest(${len(arguments) + 1}::{kind}[]) AS owner (key) "  # noqa: S608  constants
        f"CROSS JOIN LATERAL ({statement}) AS page",
        *arguments,
        list(dict.fromkeys(owners)),
    )
    lists: dict[Key, list[Row]] = {owner: [] for owner in owners}
    for row in rows:
        lists[row["owner_key"]].append(row)
    falling = keyset.descending != request.backward
    for found in lists.values():
        found.sort(key=lambda row: (keyset.of_time and row["sort_value"], row["id"].int), reverse=falling)
    return {owner: _page(found, keyset, request, make, beyond=False) for owner, found in lists.items()}


def _page(
    rows: list[Row], keyset: Keyset, request: PageRequest, make: Callable[[Row], Item], *, beyond: bool
) -> Page[Item]:
    more = len(rows) > request.size
    rows = rows[: request.size]
    if request.backward:
        rows.reverse()
    return Page(
        items=[make(row) for row in rows],
        cursors=[keyset.cursor(row) for row in rows],
        has_next=beyond if request.backward else more,
        has_previous=more if request.backward else beyond,
    )


def _statement(listing: Listing, keyset: Keyset, request: PageRequest) -> tuple[str, str, list[object]]:
    """The page's statement, another that only tells whether rows lie beyond the cursor, and the arguments of both."""
    arguments = list(listing.arguments)
    key = listing.id_column if keyset.expression is None else f"{keyset.expression}, {listing.id_column}"
    falling = keyset.descending != request.backward
    conditions, beyond = list(listing.conditions), "false"
    if request.cursor is not None:
        value, row_id = keyset.place(request.cursor)
        arguments += [row_id] if keyset.expression is None else [value, row_id]
        marks = ", ".join(f"${len(listing.arguments) + n + 1}" for n in range(len(arguments) - len(listing.arguments)))
        where = " AND ".join([*conditions, f"({key}) {'>=' if falling else '<='} ({marks})"])
        beyond = f"EXISTS (SELECT 1 FROM {listing.source} WHERE {where})"  # noqa: S608  no client's text in it
        conditions.append(f"({key}) {'<' if falling else '>'} ({marks})")
    direction = "DESC" if falling else "ASC"
    order = ", ".join(
        f"{part} {direction}" for part in [*([keyset.expression] if keyset.expression else []), listing.id_column]
    )
    sort_value = f", {keyset.expression} AS sort_value" if keyset.expression else ""
    statement = (
        f"SELECT {listing.columns}{sort_value}, {beyond} AS beyond FROM {listing.source} "  # noqa: S608  the same
        f"WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT {request.size + 1}"
    )
    return statement, f"SELECT {beyond}", arguments
