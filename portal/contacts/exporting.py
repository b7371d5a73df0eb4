"""Contacts as CSV, as `contactImport` takes them, behind an address that names the filter and is good for minutes."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import orjson
from pydantic import TypeAdapter

from portal.contacts.consent import ConsentStatus
from portal.contacts.contacts import BY_CREATION, COLUMNS, ContactRow, contact_row
from portal.contacts.filtering import SOURCE, ContactFilter, find_contact_ids
from portal.database import TenantTransaction
from portal.database.keyset import Listing, PageRequest, read_page
from portal.encryption import SecretBox, WrongSecretError
from portal.problems import refuse

GOOD_FOR = timedelta(minutes=5)
_KIND = "contact export"
_AT_ONCE = 1_000  # contacts that are read and written together: memory stays flat, however many there are
_HEADER = ("number", "name", "tags", "consent", "consent source")
_FILTER = TypeAdapter(ContactFilter)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class ExportProblem(StrEnum):
    """Why nothing is exported."""

    NOTHING_TO_EXPORT = "NOTHING_TO_EXPORT"


class ContactExports:
    """Makes and reads the addresses; what is searched for in them is nobody's to read, so they are encrypted."""

    def __init__(self, box: SecretBox, url: str) -> None:
        self._box = box
        self._url = url

    async def offer(self, tx: TenantTransaction, only: ContactFilter, *, now: datetime) -> tuple[str, datetime]:
        """The address of these contacts of the tenant, and until when it is good.

        Raises:
            RefusedError: there are none.
        """
        if not await find_contact_ids(tx, only, 1):
            message = "There are no such contacts: nothing would be in the file."
            raise refuse(ExportProblem.NOTHING_TO_EXPORT, message, "filter")
        until = now + GOOD_FOR
        told = orjson.dumps([_KIND, str(tx.tenant_id), until, asdict(only)])
        return f"{self._url}/contacts.csv/{self._box.encrypt(told).decode().rstrip('=')}", until

    def read(self, token: str, *, now: datetime) -> tuple[UUID, ContactFilter] | None:
        """Whose contacts an address is of, and which; None where it is none of ours, or too old."""
        try:
            told = orjson.loads(self._box.decrypt(f"{token}{'=' * (-len(token) % 4)}".encode()))
        except (WrongSecretError, ValueError):
            return None
        if not isinstance(told, list) or told[0] != _KIND or datetime.fromisoformat(told[2]) <= now:
            return None
        return UUID(told[1]), _FILTER.validate_python(told[3])


async def export_lines(
    reading: Callable[[], AbstractAsyncContextManager[TenantTransaction]], only: ContactFilter
) -> AsyncIterator[str]:
    """The header, then some contacts at a time, as they were added; by RFC 4180, with a mark that says UTF-8.

    What a spreadsheet would take for a formula has an apostrophe before it (OWASP, CSV injection).
    """
    async with reading() as tx:
        names = await _field_names(tx, only)
    yield "\ufeff" + _written([[*_HEADER, *(_text(name) for name in names)]])
    cursor: str | None = None
    more = True
    while more:
        async with reading() as tx:
            arguments: list[object] = [tx.tenant_id]
            request = PageRequest(_AT_ONCE, backward=False, cursor=cursor)
            listing = Listing(COLUMNS, SOURCE, "contact.id", only.conditions(arguments), arguments)
            page = await read_page(tx, listing, BY_CREATION, request, contact_row)
        if page.items:
            yield _written(_line(contact, names) for contact in page.items)
            cursor = page.cursors[-1]
        more = page.has_next


async def _field_names(tx: TenantTransaction, only: ContactFilter) -> list[str]:
    """The names of all fields that these contacts have."""
    arguments: list[object] = [tx.tenant_id]
    where = " AND ".join(only.conditions(arguments))
    rows = await tx.rows(
        f"SELECT DISTINCT jsonb_object_keys(contact.fields) AS name FROM {SOURCE} WHERE {where} ORDER BY name",  # noqa: S608  no client's text in it
        *arguments,
    )
    return [row["name"] for row in rows]


def _line(contact: ContactRow, names: Sequence[str]) -> list[str]:
    known = contact.consent.status is not ConsentStatus.UNKNOWN
    given = [
        contact.name or "",
        ", ".join(tag.name for tag in contact.tags),
        contact.consent.status.value.lower() if known else "",
        contact.consent.source or "" if known else "",
        *(contact.fields.get(name, "") for name in names),
    ]
    return [contact.number, *map(_text, given)]  # a number is ours: a plus and digits, which no spreadsheet works out


def _text(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _written(rows: Iterable[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()
