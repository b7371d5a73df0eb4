"""What all connections share: page arguments, page info, and errors that clients can read."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, TypeVar

import strawberry
from strawberry.types.nodes import SelectedField, Selection

from portal.database.keyset import Page, PageError, PageRequest
from portal_schema.context import Info
from portal_schema.errors import ErrorCode, RequestError
from portal_schema.guards import requires

Item = TypeVar("Item")

First = Annotated[int | None, strawberry.argument(description="How many from the start: 1 to 100; 25 unless given.")]
After = Annotated[str | None, strawberry.argument(description="Continue behind this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many from the end: 1 to 100.")]
Before = Annotated[str | None, strawberry.argument(description="Continue before this cursor.")]


@strawberry.type(description="Where a page lies in its list.", directives=requires())
class PageInfo:
    """The page info of a Relay connection."""

    has_next_page: bool = strawberry.field(description="Whether there are items behind this page.")
    has_previous_page: bool = strawberry.field(description="Whether there are items before this page.")
    start_cursor: str | None = strawberry.field(description="The first item's cursor; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="The last item's cursor; null on an empty page.")

    @classmethod
    def of(cls, page: Page[Item]) -> "PageInfo":
        """The info of a page that was read."""
        start, end = (page.cursors[0], page.cursors[-1]) if page.cursors else (None, None)
        return cls(has_next_page=page.has_next, has_previous_page=page.has_previous, start_cursor=start, end_cursor=end)


@contextmanager
def page_errors_told() -> Iterator[None]:
    """What is wrong with page arguments or cursors becomes BAD_USER_INPUT."""
    try:
        yield
    except PageError as error:
        raise RequestError(ErrorCode.BAD_USER_INPUT, str(error)) from error


def page_request(first: int | None, after: str | None, last: int | None, before: str | None) -> PageRequest:
    """The part of a list that a connection's arguments ask for."""
    with page_errors_told():
        return PageRequest.of(first, after, last, before)


async def paged(
    read: Callable[[PageRequest], Awaitable[Page[Item]]],
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> Page[Item]:
    """Read a page by a connection's arguments."""
    with page_errors_told():
        return await read(PageRequest.of(first, after, last, before))


def selected(info: Info, *path: str) -> frozenset[str]:
    """The names of the fields that an operation selects below this field, along a path of names.

    Fragments, aliases and @skip are taken for selected: it only decides what to fetch ahead.
    """
    level = [selection for field in info.selected_fields for selection in field.selections]
    for name in path:
        level = [below for selection in _fields(level) if selection.name == name for below in selection.selections]
    return frozenset(selection.name for selection in _fields(level))


def selected_in_nodes(info: Info) -> frozenset[str]:
    """The names of the fields that an operation selects of a connection's nodes."""
    return selected(info, "nodes") | selected(info, "edges", "node")


def _fields(selections: Iterable[Selection]) -> Iterator[SelectedField]:
    for selection in selections:
        if isinstance(selection, SelectedField):
            yield selection
        else:
            yield from _fields(selection.selections)
