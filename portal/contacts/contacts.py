"""The use cases of contacts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from portal.actor import Actor
from portal.clock import new_id
from portal.contacts.consent import (
    LONGEST_SHOWN,
    LONGEST_SOURCE,
    ConsentRow,
    ConsentStatement,
    ConsentStatus,
    read_own_withdrawals,
    record_consent,
)
from portal.contacts.filtering import SOURCE, ContactFilter
from portal.contacts.models import Contact
from portal.contacts.numbers import NotAPhoneNumberError, PhoneNumber, parse_number
from portal.contacts.preferences import ContactChannel, Line, LineType, LookupState, QuietHours
from portal.contacts.suppressions import SuppressionRow, SuppressionSource
from portal.contacts.tags import LONGEST_TAG, MOST_TAGS, MOST_TAGS_OF_A_CONTACT, TagRow, set_tags
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.database.keyset import Keyset, Listing, Page, PageRequest, read_page
from portal.database.uniqueness import taken_means
from portal.messages.canceling import cancel_to
from portal.problems import Problem, RefusedError, refuse

LONGEST_NAME = 200
MOST_FIELDS = 50
LONGEST_VALUE = 1_000
WITHDREW_THEMSELVES = (
    "This person withdrew their consent themselves: only they can give it again, by answering START or on their page "
    "of preferences."
)


class ContactProblem(StrEnum):
    """Why a contact is not created, changed or deleted."""

    NOT_FOUND = "NOT_FOUND"
    INVALID_NUMBER = "INVALID_NUMBER"
    NUMBER_TAKEN = "NUMBER_TAKEN"
    INVALID = "INVALID"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"


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
    tags: tuple[TagRow, ...]
    consent: ConsentRow
    channel: ContactChannel
    topics: tuple[str, ...]  # those of the tenant's that they did not decline
    quiet: QuietHours | None
    line: Line | None  # None until it was looked up
    lookup: LookupState | None  # None until it was asked for


@dataclass(frozen=True, slots=True)
class ContactChange:
    """What to write; a key that is absent stays as it is."""

    values: dict[str, Any]  # of: name (str | None), number (str), fields (a mapping of texts)
    tags: Sequence[str] | None = None  # all of them
    consent: ConsentStatement | None = None


# The column list of a contact over SOURCE, for every statement that reads contacts.
COLUMNS = (
    "contact.id, contact.name, contact.number, contact.country, contact.fields, contact.created_at, "
    "contact.updated_at, suppression.id AS suppression_id, suppression.number_masked AS suppressed_masked, "
    "suppression.source AS suppressed_by, suppression.since AS suppressed_since, "
    "consumer.consent, consumer.consent_source, consumer.consent_at, consumer.channel, consumer.quiet_from, "
    "consumer.quiet_until, consumer.line, consumer.line_valid, consumer.line_country, consumer.looked_up_at, "
    "(SELECT state FROM number_lookup AS l WHERE l.tenant_id = contact.tenant_id AND l.number = contact.number) "
    "AS lookup, "
    "ARRAY(SELECT ROW(tag.id, tag.name) FROM contact_tagging AS t JOIN contact_tag AS tag "
    "ON tag.tenant_id = t.tenant_id AND tag.id = t.tag_id WHERE t.tenant_id = contact.tenant_id "
    "AND t.contact_id = contact.id ORDER BY lower(tag.name)) AS tags, "
    "ARRAY(SELECT topic FROM tenant_settings AS s, unnest(s.topics) AS topic WHERE s.tenant_id = contact.tenant_id "
    "AND NOT topic = ANY(coalesce(consumer.declined_topics, '{}'))) AS topics"
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
        tags=tuple(TagRow(*tag) for tag in row["tags"]),
        consent=ConsentRow(ConsentStatus(row["consent"] or "UNKNOWN"), row["consent_source"], row["consent_at"]),
        channel=ContactChannel(row["channel"] or "SMS"),
        topics=tuple(row["topics"]),
        quiet=None if row["quiet_from"] is None else QuietHours(row["quiet_from"], row["quiet_until"]),
        line=_line(row) if row["line"] else None,
        lookup=LookupState(row["lookup"]) if row["lookup"] else None,
    )


def _line(row: Row) -> Line:
    return Line(LineType(row["line"]), row["line_valid"], row["line_country"], row["looked_up_at"])


async def read_contacts(
    tx: TenantTransaction, request: PageRequest, keyset: Keyset, only: ContactFilter
) -> Page[ContactRow]:
    """A page of the contacts that the filter lets through."""
    arguments: list[object] = [tx.tenant_id]
    listing = Listing(COLUMNS, SOURCE, "contact.id", only.conditions(arguments), arguments)
    return await read_page(tx, listing, keyset, request, contact_row)


async def read_contacts_by_id(tx: TenantTransaction, ids: Sequence[UUID]) -> dict[UUID, ContactRow]:
    """Those of these contacts that the tenant has, in one statement."""
    sql = f"SELECT {COLUMNS} FROM {SOURCE} WHERE contact.tenant_id = $1 AND contact.id = ANY($2::uuid[])"  # noqa: S608  constants
    return {row["id"]: contact_row(row) for row in await tx.rows(sql, tx.tenant_id, list(ids))}


async def read_contacts_by_number(tx: TenantTransaction, numbers: Collection[str]) -> dict[str, ContactRow]:
    """The contacts that have these numbers, in one statement."""
    sql = f"SELECT {COLUMNS} FROM {SOURCE} WHERE contact.tenant_id = $1 AND contact.number = ANY($2::text[])"  # noqa: S608  constants
    return {row["number"]: contact_row(row) for row in await tx.rows(sql, tx.tenant_id, list(numbers))}


async def create_contact(tx: TenantTransaction, change: ContactChange, actor: Actor, *, now: datetime) -> UUID:
    """Add a contact; its id. What is known of who has its number already is the contact's from now on.

    Raises:
        RefusedError: the number is none or is taken, or a value is not acceptable.
    """
    values = check_change(change)
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
    await _write_beside(tx, contact_id, change, actor, now=now)
    return contact_id


async def update_contact(
    tx: TenantTransaction, contact_id: UUID, change: ContactChange, actor: Actor, *, now: datetime
) -> None:
    """Change what is given, keep the rest. With another number, what its consumer agreed to holds.

    Raises:
        RefusedError: there is no such contact, or the values are not acceptable.
    """
    found = Contact.filter(tenant_id=tx.tenant_id, id=contact_id).using_db(tx.orm)
    with taken_means(_TAKEN):
        if not await found.update(**check_change(change), updated_at=now):
            raise refuse(ContactProblem.NOT_FOUND, "There is no such contact.", "id")
    await _write_beside(tx, contact_id, change, actor, now=now)


async def _write_beside(
    tx: TenantTransaction, contact_id: UUID, change: ContactChange, actor: Actor, *, now: datetime
) -> None:
    """What is no column of a contact."""
    if change.tags is not None:
        names = [name.strip() for name in change.tags]
        if await set_tags(tx, {contact_id: names}, now=now) > MOST_TAGS:
            raise refuse(ContactProblem.INVALID, f"A tenant has at most {MOST_TAGS} tags: use those there are.", "tags")
    if change.consent is not None:
        sql = "SELECT number FROM contact WHERE tenant_id = $1 AND id = $2"
        number = await tx.value(sql, tx.tenant_id, contact_id)
        withdrawn = change.consent.status is ConsentStatus.WITHDRAWN
        if not withdrawn and await read_own_withdrawals(tx, [number]):
            raise refuse(ContactProblem.CONSENT_WITHDRAWN, WITHDREW_THEMSELVES, "consent", "status")
        await record_consent(tx, [number], change.consent, actor, now=now)
        if withdrawn:
            await cancel_to(tx, [number], now=now)


async def delete_contact(tx: TenantTransaction, contact_id: UUID) -> None:
    """Remove a contact; its messages stay, its wish to get none stays too.

    Raises:
        RefusedError: there is no such contact.
    """
    if not await Contact.filter(tenant_id=tx.tenant_id, id=contact_id).using_db(tx.orm).delete():
        raise refuse(ContactProblem.NOT_FOUND, "There is no such contact.", "id")


def check_change(change: ContactChange) -> dict[str, Any]:
    """The columns to write.

    Raises:
        RefusedError: a value is not acceptable.
    """
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
    problems += _tag_problems(change.tags or ()) + _consent_problems(change.consent)
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


def _tag_problems(given: Sequence[str]) -> list[Problem]:
    if len(given) > MOST_TAGS_OF_A_CONTACT:
        return [_invalid(f"A contact has at most {MOST_TAGS_OF_A_CONTACT} tags.", "tags")]
    if all(1 <= len(name.strip()) <= LONGEST_TAG for name in given):
        return []
    return [_invalid(f"A tag has 1 to {LONGEST_TAG} characters.", "tags")]


def _consent_problems(given: ConsentStatement | None) -> list[Problem]:
    problems = []
    if given is not None and not 1 <= len(given.source.strip()) <= LONGEST_SOURCE:
        told = f"Say in 1 to {LONGEST_SOURCE} characters how the consent came about."
        problems.append(_invalid(told, "consent", "source"))
    if given is not None and len(given.shown or "") > LONGEST_SHOWN:
        problems.append(_invalid(f"The text shown has at most {LONGEST_SHOWN} characters.", "consent", "shown"))
    return problems


def _invalid(message: str, *path: str) -> Problem:
    return Problem(ContactProblem.INVALID, message, path)
