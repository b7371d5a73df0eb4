"""What messages refer to: fetched for a whole page at once, as far as it was selected and may be seen."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from auth.permissions import Permission
from portal.contacts.contacts import ContactRow, read_contacts_by_id
from portal.database import TenantTransaction
from portal.messages.batches import BatchRow, read_batches_by_id
from portal.messages.reading import EventRow, MessageRow, read_events
from portal.templates.templates import VersionRow, read_versions_by_id
from portal_schema.context import Info

if TYPE_CHECKING:
    from portal_schema.batches import MessageBatch

_GUARDED = {"contact": Permission.CONTACTS_READ, "template": Permission.TEMPLATES_READ}


def to_fetch(info: Info, selected_fields: frozenset[str]) -> frozenset[str]:
    """The selected fields, less those that will be refused: what need not be read is not read."""
    held = info.context.permissions
    return frozenset(name for name in selected_fields if name not in _GUARDED or _GUARDED[name] in held)


class Relations:
    """What a page of messages refers to, fetched in one statement for each relation that was selected."""

    def __init__(self) -> None:
        self.contacts: dict[UUID, ContactRow] = {}
        self.versions: dict[UUID, VersionRow] = {}
        self.batches: dict[UUID, BatchRow] = {}
        self.events: dict[UUID, list[EventRow]] = {}

    @classmethod
    async def of(cls, tx: TenantTransaction, rows: Sequence[MessageRow], wanted: frozenset[str]) -> "Relations":
        """Fetch what these fields of these messages need."""
        found = cls()
        if "contact" in wanted:
            ids = {row.contact_id for row in rows if row.contact_id}
            found.contacts = await read_contacts_by_id(tx, list(ids)) if ids else {}
        if "template" in wanted:
            ids = {row.template_version_id for row in rows if row.template_version_id}
            found.versions = await read_versions_by_id(tx, list(ids)) if ids else {}
        if "batch" in wanted:
            ids = {row.batch_id for row in rows if row.batch_id}
            found.batches = await read_batches_by_id(tx, list(ids)) if ids else {}
        if "timeline" in wanted and rows:
            found.events = await read_events(tx, [row.id for row in rows])
        return found

    def batch(self, key: UUID | None) -> "MessageBatch | None":
        """The batch of this key, if it was fetched."""
        row = self.batches.get(key) if key is not None else None
        if row is None:
            return None
        from portal_schema.batches import MessageBatch  # noqa: PLC0415  the two know each other

        return MessageBatch.of(row)
