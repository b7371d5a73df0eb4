"""Whom a send asks for, and what is known of them: read in a few statements whatever their number."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

import orjson

from portal.contacts.consumers import COLUMNS, UNKNOWN_CONSUMER, Consumer, consumer_row
from portal.contacts.filtering import ContactFilter, find_contact_ids
from portal.contacts.numbers import NotAPhoneNumberError, PhoneNumber, country_of, parse_number
from portal.contacts.tags import read_tags_by_id
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.messages.refusals import RefusalCode, SendProblem
from portal.problems import refuse

MOST_RECIPIENTS = 10_000
_AT_A_TIME = 100  # numbers read before other requests get their turn
_NO_FIELDS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who is to get a message: each way of naming people adds to the others, in this order."""

    contact_ids: tuple[UUID, ...] = ()
    numbers: tuple[str, ...] = ()
    """In any usual spelling; a contact's or nobody's."""
    tag_ids: tuple[UUID, ...] = ()
    """All contacts with at least one of these tags."""
    only: ContactFilter | None = None
    """All contacts that the filter lets through."""
    counterpart: str | None = None
    """Whoever a conversation is with: it may be a short code or a name, which is no number to write to otherwise."""

    def place_of(self, index: int) -> tuple[str, ...]:
        """Where in the input the recipient stands that is the so manyth of all."""
        for name, given in (("contactIds", self.contact_ids), ("numbers", self.numbers)):
            if index < len(given):
                return name, str(index)
            index -= len(given)
        return ()


class Addressee(NamedTuple):
    """Somebody who can be written to: a contact, or a number that is no contact's."""

    number: str
    country: str | None
    contact_id: UUID | None
    name: str
    fields: Mapping[str, str]
    consumer: Consumer = UNKNOWN_CONSUMER


class Unknown(NamedTuple):
    """Nobody who can be written to, and why."""

    contact_id: UUID | None
    code: RefusalCode
    message: str


async def find_asked_for(tx: TenantTransaction, recipients: Recipients) -> list[Addressee | Unknown]:
    """Who is asked for, in the order asked for; in one statement, and one more for tags and filter each.

    Raises:
        RefusedError: it is nobody, or more than one send may reach.
    """
    named = len(recipients.contact_ids) + len(recipients.numbers) + (recipients.counterpart is not None)
    _check_count(named)
    chosen = await _choose(tx, recipients)
    if not named and chosen is None:
        raise refuse(SendProblem.INVALID, "Name at least one recipient.", "recipients")
    numbers: dict[str, str | None] = {}
    asked: list[str | Unknown] = []
    for read in await _read_numbers(recipients.numbers):
        if isinstance(read, PhoneNumber):
            numbers[read.e164] = read.country
        asked.append(read.e164 if isinstance(read, PhoneNumber) else read)
    if recipients.counterpart is not None:
        numbers[recipients.counterpart] = country_of(recipients.counterpart)
        asked.append(recipients.counterpart)
    by_id, by_number = await _read(tx, {*recipients.contact_ids, *(chosen or ())}, numbers)
    nobody = (RefusalCode.NOT_FOUND, "There is no such contact.")
    found: list[Addressee | Unknown] = [by_id.get(key) or Unknown(key, *nobody) for key in recipients.contact_ids]
    found += [by_number[one] if isinstance(one, str) else one for one in asked]
    # Who was named already is not asked for twice: tags and filters overlap as they please.
    known = {one.number for one in found if isinstance(one, Addressee)}
    found += [by_id[key] for key in chosen or () if key in by_id and by_id[key].number not in known]
    if not found:
        raise refuse(SendProblem.INVALID, "No contact has these tags, or is let through by the filter.", "recipients")
    _check_count(len(found))
    return found


def _check_count(recipients: int) -> None:
    if recipients > MOST_RECIPIENTS:
        most = f"One send reaches at most {MOST_RECIPIENTS:,} recipients: make several."
        raise refuse(SendProblem.TOO_MANY_RECIPIENTS, most, "recipients")


async def _choose(tx: TenantTransaction, recipients: Recipients) -> list[UUID] | None:
    """The contacts that have the tags, and those that the filter lets through; None where neither was asked for."""
    choices = []
    if recipients.tag_ids:
        tags = await read_tags_by_id(tx, recipients.tag_ids)
        for index, tag_id in enumerate(recipients.tag_ids):
            if tag_id not in tags:
                raise refuse(SendProblem.NOT_FOUND, "There is no such tag.", "recipients", "tagIds", str(index))
        choices.append(ContactFilter(tag_ids=recipients.tag_ids))
    if recipients.only is not None and len(recipients.only.conditions([tx.tenant_id])) == 1:
        unmeant = "A filter without a condition would reach every contact: say at least one."
        raise refuse(SendProblem.INVALID, unmeant, "recipients", "filter")
    if recipients.only is not None:
        choices.append(recipients.only)
    found = [await find_contact_ids(tx, choice, MOST_RECIPIENTS + 1) for choice in choices]
    return list(dict.fromkeys(chain.from_iterable(found))) if choices else None


async def find_addressees(tx: TenantTransaction, numbers: Sequence[str]) -> dict[str, Addressee]:
    """These numbers, which may be short codes or names, as addressees; in one statement."""
    return (await _read(tx, (), {number: country_of(number) for number in numbers}))[1]


async def _read_numbers(written: Sequence[str]) -> list[PhoneNumber | Unknown]:
    read: list[PhoneNumber | Unknown] = []
    for index, text in enumerate(written):
        if index % _AT_A_TIME == 0:
            await asyncio.sleep(0)  # ten thousand numbers take a second, in which all tenants would wait
        try:
            read.append(parse_number(text))
        except NotAPhoneNumberError as error:
            why = f"This is no phone number: {error}. Write it like +1 202 555 0143."
            read.append(Unknown(None, RefusalCode.INVALID_NUMBER, why))
    return read


async def _read(
    tx: TenantTransaction, ids: Collection[UUID], numbers: Mapping[str, str | None]
) -> tuple[dict[UUID, Addressee], dict[str, Addressee]]:
    """Those of these contacts that there are, and each of these numbers, given with its country."""
    rows = await tx.rows(
        "SELECT asked.number, contact.id, contact.name, contact.country, contact.fields, "  # noqa: S608  constants
        f"{COLUMNS} FROM "
        "(SELECT number FROM contact WHERE tenant_id = $1 AND id = ANY($2::uuid[]) UNION SELECT unnest($3::text[])) "
        "AS asked (number) "
        "LEFT JOIN contact ON contact.tenant_id = $1 AND contact.number = asked.number "
        "LEFT JOIN suppression ON suppression.tenant_id = $1 AND suppression.number = asked.number "
        "LEFT JOIN consumer ON consumer.tenant_id = $1 AND consumer.number = asked.number",
        tx.tenant_id,
        list(ids),
        list(numbers),
    )
    found = [_addressee(row, numbers) for row in rows]
    by_id = {one.contact_id: one for one in found if one.contact_id is not None}
    return by_id, {one.number: one for one in found}


def _addressee(row: Row, numbers: Mapping[str, str | None]) -> Addressee:
    number, key, fields, consumer = row["number"], row["id"], row["fields"], consumer_row(row)
    if key is None:
        return Addressee(number, numbers[number], None, "", _NO_FIELDS, consumer)
    own = _NO_FIELDS if fields == "{}" else orjson.loads(fields)
    return Addressee(number, row["country"], key, row["name"] or "", own, consumer)
