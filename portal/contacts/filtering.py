"""Which contacts: one filter for lists and for who gets a send."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.clock import ids_at
from portal.contacts.consent import ConsentStatus
from portal.database import TenantTransaction

# A contact beside what is known of who has its number: for every statement that reads or chooses contacts.
SOURCE = (
    "contact LEFT JOIN suppression ON suppression.tenant_id = contact.tenant_id "
    "AND suppression.number = contact.number "
    "LEFT JOIN consumer ON consumer.tenant_id = contact.tenant_id AND consumer.number = contact.number"
)


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """All conditions have to hold; what is left as it is asks for all."""

    search: str | None = None
    """Looks into names and numbers."""
    tag_ids: tuple[UUID, ...] | None = None
    """Those with one of these tags."""
    countries: tuple[str, ...] | None = None
    suppressed: bool | None = None
    consent: ConsentStatus | None = None
    created_from: datetime | None = None
    created_until: datetime | None = None

    def conditions(self, arguments: list[object]) -> list[str]:
        """The conditions over `SOURCE`; their values go to the end of `arguments`, whose first is the tenant."""

        def mark(value: object) -> str:
            arguments.append(value)
            return f"${len(arguments)}"

        found = ["contact.tenant_id = $1"]
        if text := (self.search or "").strip():
            found.append(
                f"(contact.name ILIKE {mark(like_text(text))} OR contact.number LIKE {mark(like_digits(text))})"
            )
        if self.tag_ids is not None:
            found.append(
                "EXISTS (SELECT FROM contact_tagging AS t WHERE t.tenant_id = $1 AND t.contact_id = contact.id "
                f"AND t.tag_id = ANY({mark(list(self.tag_ids))}::uuid[]))"
            )
        if self.countries is not None:
            found.append(f"contact.country = ANY({mark(list(self.countries))}::text[])")
        if self.suppressed is not None:
            found.append(f"suppression.id IS {'NOT NULL' if self.suppressed else 'NULL'}")
        if self.consent is not None:
            found.append(f"coalesce(consumer.consent, 'UNKNOWN') = {mark(self.consent.value)}")
        if self.created_from is not None:
            found.append(f"contact.id >= {mark(ids_at(self.created_from)[0])}")
        if self.created_until is not None:
            found.append(f"contact.id < {mark(ids_at(self.created_until)[0])}")
        return found


async def find_contact_ids(tx: TenantTransaction, only: ContactFilter, limit: int) -> list[UUID]:
    """The ids of at most so many contacts that the filter lets through, as they were added."""
    arguments: list[object] = [tx.tenant_id]
    where = " AND ".join(only.conditions(arguments))
    sql = f"SELECT contact.id FROM {SOURCE} WHERE {where} ORDER BY contact.id LIMIT {int(limit)}"  # noqa: S608  no client's text in it
    return [row["id"] for row in await tx.rows(sql, *arguments)]


def like_text(text: str) -> str:
    """The pattern of LIKE for what holds this text: its wildcards are taken literally."""
    plain = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{plain}%"


def like_digits(text: str) -> str:
    """The pattern of LIKE for numbers that hold this text's digits; without any none does."""
    digits = "".join(character for character in text if character.isdigit())
    return f"%{digits}%" if digits else "no digits, no match"
