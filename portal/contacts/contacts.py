"""The use cases of contacts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from portal.clock import new_id
from portal.contacts.models import Contact
from portal.contacts.numbers import NotAPhoneNumberError, PhoneNumber, parse_number
from portal.contacts.suppressions import SuppressionRow, SuppressionSource
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.database.keyset import Keyset, Listing, Page, PageRequest, read_page
from portal.database.uniqueness import taken_means
from portal.problems import Problem, RefusedError, refuse

LONGEST_NAME = 200
MOST_FIELDS = 50
LONGEST_VALUE = 1_000


class ContactProblem(StrEnum):
    """Why a contact is not created, changed or deleted."""

    NOT_FOUND = "NOT_FOUND"
    INVALID_NUMBER = "INVALID_NUMBER"
    NUMBER_TAKEN = "NUMBER_TAKEN"
    INVALID = "INVALID"


class ContactRow(NamedTuple):
    """A contact as lists read it."""

    id: UUID
    name: str | None
    number: str
    country: str
    fields: dict[str, str]
    created_at: datetime
    updated_at: datetime
    suppression: SuppressionRow | None


@dataclass(frozen=True, slots=True)
class ContactChange:
    """What to write; a key that is absent stays as it is."""

    values: dict[str, Any]  # of: name (str | None), number (str), fields (a mapping of texts)


# The column list of a contact beside its suppression, for every statement that reads contacts.
COLUMNS = (
    "contact.id, contact.name, contact.number, contact.country, contact.fields, contact.created_at, "
    "contact.updated_at, suppression.id AS suppression_id, suppression.number_masked AS suppressed_masked, "
    "suppression.source AS suppressed_by, suppression.since AS suppressed_since"
)
SOURCE = (
    "contact LEFT JOIN suppression ON suppression.tenant_id = contact.tenant_id AND suppression.number = contact.number"
)
BY_CREATION = Keyset("created")
BY_NAME = Keyset("name", "lower(coalesce(contact.name, ''))")


_TAKEN = Problem(ContactProblem.NUMBER_TAKEN, "Another contact has this number: change that one.", ("number",))


def contact_row(row: Row) -> ContactRow:
    """A record with COLUMNS as a contact."""
    suppression = None
    if row["suppression_id"] is not None:
        source = SuppressionSource(row["suppressed_by"])
        suppression = SuppressionRow(row["suppression_id"], row["suppressed_masked"], source, row["suppressed_since"])
    return ContactRow(
        id=row["id"],
        name=row["name"],
        number=row["number"],
        country=row["country"],
        fields=orjson.loads(row["fields"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        suppression=suppression,
    )


async def read_contacts(
    tx: TenantTransaction, request: PageRequest, keyset: Keyset, *, search: str | None = None
) -> Page[ContactRow]:
    """A page of contacts; `search` looks into names and numbers."""
    conditions = ["contact.tenant_id = $1"]
    arguments: list[object] = [tx.tenant_id]
    text = (search or "").strip()
    if text:
        conditions.append("(contact.name ILIKE $2 OR contact.number LIKE $3)")
        arguments += [like_text(text), like_digits(text)]
    listing = Listing(COLUMNS, SOURCE, "contact.id", conditions, arguments)
    return await read_page(tx, listing, keyset, request, contact_row)


async def read_contacts_by_id(tx: TenantTransaction, ids: Sequence[UUID]) -> dict[UUID, ContactRow]:
    """Those of these contacts that the tenant has, in one statement."""
    sql = f"SELECT {COLUMNS} FROM {SOURCE} WHERE contact.tenant_id = $1 AND contact.id = ANY($2::uuid[])"  # noqa: S608  constants
    return {row["id"]: contact_row(row) for row in await tx.rows(sql, tx.tenant_id, list(ids))}


async def read_contacts_by_number(tx: TenantTransaction, numbers: Collection[str]) -> dict[str, ContactRow]:
    """The contacts that have these numbers, in one statement."""
    sql = f"SELECT {COLUMNS} FROM {SOURCE} WHERE contact.tenant_id = $1 AND contact.number = ANY($2::text[])"  # noqa: S608  constants
    return {row["number"]: contact_row(row) for row in await tx.rows(sql, tx.tenant_id, list(numbers))}


async def create_contact(tx: TenantTransaction, change: ContactChange, *, now: datetime) -> UUID:
    """Add a contact; its id.

    Raises:
        RefusedError: the number is none or is taken, or a value is not acceptable.
    """
    values = _checked(change)
    contact_id = new_id(now)
    with taken_means(_TAKEN):
        await Contact.create(
            using_db=tx.orm,
            id=contact_id,
            tenant_id=tx.tenant_id,
            created_at=now,
            updated_at=now,
            **{"fields": {}, **values},
        )
    return contact_id


async def update_contact(tx: TenantTransaction, contact_id: UUID, change: ContactChange, *, now: datetime) -> None:
    """Change what is given, keep the rest.

    Raises:
        RefusedError: there is no such contact, or the values are not acceptable.
    """
    found = Contact.filter(tenant_id=tx.tenant_id, id=contact_id).using_db(tx.orm)
    with taken_means(_TAKEN):
        if not await found.update(**_checked(change), updated_at=now):
            raise refuse(ContactProblem.NOT_FOUND, "There is no such contact.", "id")


async def delete_contact(tx: TenantTransaction, contact_id: UUID) -> None:
    """Remove a contact; its messages stay, its wish to get none stays too.

    Raises:
        RefusedError: there is no such contact.
    """
    if not await Contact.filter(tenant_id=tx.tenant_id, id=contact_id).using_db(tx.orm).delete():
        raise refuse(ContactProblem.NOT_FOUND, "There is no such contact.", "id")


def _checked(change: ContactChange) -> dict[str, Any]:
    values, problems = dict(change.values), list[Problem]()
    if "name" in values:
        values["name"] = (values["name"] or "").strip() or None
        if len(values["name"] or "") > LONGEST_NAME:
            problems.append(_invalid(f"A name has at most {LONGEST_NAME} characters.", "name"))
    if "number" in values:
        number = _number(values.pop("number"), problems)
        if number is not None:
            values |= {"number": number.e164, "country": number.country}
    if "fields" in values:
        problems += _field_problems(values["fields"])
    if problems:
        raise RefusedError(problems)
    return values


def _number(text: str | None, problems: list[Problem]) -> PhoneNumber | None:
    try:
        return parse_number(text or "")
    except NotAPhoneNumberError as error:
        problems.append(
            Problem(
                ContactProblem.INVALID_NUMBER,
                f"This is no phone number: {error}. Write it like +1 202 555 0143.",
                ("number",),
            )
        )
        return None


def _field_problems(given: object) -> list[Problem]:
    if not isinstance(given, dict):
        return [_invalid('Fields are an object of texts, such as {"city": "Boston"}.', "fields")]
    if len(given) > MOST_FIELDS:
        return [_invalid(f"A contact has at most {MOST_FIELDS} fields.", "fields")]
    wrong = f"A field has a name of 1 to {LONGEST_NAME} characters and a text of at most {LONGEST_VALUE}."
    return [
        _invalid(wrong, "fields", str(name)[:LONGEST_NAME])
        for name, value in given.items()
        if not isinstance(value, str) or len(value) > LONGEST_VALUE or not 1 <= len(str(name)) <= LONGEST_NAME
    ]


def _invalid(message: str, *path: str) -> Problem:
    return Problem(ContactProblem.INVALID, message, path)


def like_text(text: str) -> str:
    """The pattern of LIKE for what holds this text: its wildcards are taken literally."""
    plain = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{plain}%"


def like_digits(text: str) -> str:
    """The pattern of LIKE for numbers that hold this text's digits; without any none does."""
    digits = "".join(character for character in text if character.isdigit())
    return f"%{digits}%" if digits else "no digits, no match"
