"""Reading the audit log: the newest first, a page in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from portal.actor import ActorKind
from portal.clock import ids_at
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.database.keyset import Keyset, Listing, Page, PageRequest, read_page

NEWEST_FIRST = Keyset("written-", descending=True)
_COLUMNS = (
    "id, at, actor_kind, actor_name, through, action, target, changes, request_id, address, support_session_id, "
    "digest, seal_number, erased_at"
)


class EntryRow(NamedTuple):
    """An entry as lists read it; name, changes and address are None once they were erased."""

    id: UUID
    at: datetime
    actor_kind: ActorKind
    actor_name: str | None
    through: str | None
    action: str
    target: str | None
    changes: dict[str, Any] | None
    request_id: str
    address: str | None
    support_session_id: UUID | None
    digest: bytes
    seal_number: int | None
    erased_at: datetime | None


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries; None asks for all."""

    actor_kind: ActorKind | None = None
    action: str | None = None
    target: str | None = None
    written_from: datetime | None = None
    written_until: datetime | None = None


async def read_entries(tx: TenantTransaction, request: PageRequest, only: EntryFilter) -> Page[EntryRow]:
    """A page of the log."""
    conditions = ["tenant_id = $1"]
    arguments: list[object] = [tx.tenant_id]

    def narrow(condition: str, value: object) -> None:
        if value is not None:
            arguments.append(value)
            conditions.append(condition.format(f"${len(arguments)}"))

    narrow("actor_kind = {}", only.actor_kind)
    narrow("action = {}", only.action)
    narrow("target = {}", only.target)
    narrow("at >= {}", only.written_from)
    narrow("at < {}", only.written_until)
    # By the ids too, which tell the partitions and the place in their index.
    narrow("id >= {}", only.written_from and ids_at(only.written_from)[0])
    narrow("id <= {}", only.written_until and ids_at(only.written_until)[1])
    listing = Listing(_COLUMNS, "audit_entry", "id", conditions, arguments)
    return await read_page(tx, listing, NEWEST_FIRST, request, _entry_row)


async def read_entries_by_id(tx: TenantTransaction, ids: Sequence[UUID]) -> dict[UUID, EntryRow]:
    """The entries of these ids that there are."""
    sql = f"SELECT {_COLUMNS} FROM audit_entry WHERE tenant_id = $1 AND id = ANY($2::uuid[])"  # noqa: S608  constants
    return {row["id"]: _entry_row(row) for row in await tx.rows(sql, tx.tenant_id, list(ids))}


def _entry_row(row: Row) -> EntryRow:
    changes = row["changes"]
    return EntryRow(
        id=row["id"],
        at=row["at"],
        actor_kind=ActorKind(row["actor_kind"]),
        actor_name=row["actor_name"],
        through=row["through"],
        action=row["action"],
        target=row["target"],
        changes=orjson.loads(changes) if changes is not None else None,
        request_id=row["request_id"],
        address=row["address"],
        support_session_id=row["support_session_id"],
        digest=row["digest"],
        seal_number=row["seal_number"],
        erased_at=row["erased_at"],
    )
