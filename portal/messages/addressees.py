"""Who can be written to, and what is known of them: read in a few statements whatever their number."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from portal.contacts.contacts import ContactRow, read_contacts_by_id, read_contacts_by_number
from portal.contacts.numbers import country_of
from portal.contacts.suppressions import read_suppressions_of
from portal.database import TenantTransaction

_NO_FIELDS: Mapping[str, str] = MappingProxyType({})


class Addressee(NamedTuple):
    """Somebody who can be written to: a contact, or a number that is no contact's."""

    number: str
    country: str | None
    contact_id: UUID | None
    name: str
    fields: Mapping[str, str]
    opted_out: bool

    @classmethod
    def of(cls, contact: ContactRow) -> "Addressee":
        """The contact as an addressee."""
        opted_out = contact.suppression is not None
        return cls(contact.number, contact.country, contact.id, contact.name or "", contact.fields, opted_out)


async def find_addressees(tx: TenantTransaction, numbers: Sequence[str]) -> dict[str, Addressee]:
    """These numbers as addressees, each of them; in two statements."""
    contacts = await read_contacts_by_number(tx, numbers)
    opted_out = await read_suppressions_of(tx, numbers)
    return {
        number: Addressee.of(contacts[number])
        if number in contacts
        else Addressee(number, country_of(number), None, "", _NO_FIELDS, number in opted_out)
        for number in numbers
    }


async def find_asked_for(
    tx: TenantTransaction, contact_ids: Sequence[UUID], numbers: Sequence[str]
) -> list[tuple[UUID | None, Addressee | None]]:
    """Whom these contacts and numbers are, in this order: the contact's id beside who that is, if anybody."""
    found: list[tuple[UUID | None, Addressee | None]] = []
    if contact_ids:
        contacts = await read_contacts_by_id(tx, contact_ids)
        found += [
            (contact_id, Addressee.of(contacts[contact_id]) if contact_id in contacts else None)
            for contact_id in contact_ids
        ]
    if numbers:
        addressees = await find_addressees(tx, numbers)
        found += [(addressees[number].contact_id, addressees[number]) for number in numbers]
    return found
