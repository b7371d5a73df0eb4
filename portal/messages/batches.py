"""Reading sends: how far each is, and who got nothing and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.actor import ActorKind
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.database.keyset import Listing, Page, PageRequest, read_pages_of
from portal.messages.reading import OLDEST_FIRST
from portal.messages.refusals import RefusalCode
from portal.messages.status import MessageStatus, rank

_REFUSAL_COLUMNS = "id, contact_id, number_masked, code, message, place"


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One send, with how many of its messages stand where."""

    id: UUID
    total: int
    accepted: int
    actor_kind: ActorKind
    actor_name: str
    created_at: datetime
    counts: tuple[tuple[MessageStatus, int], ...]


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """A recipient that was not accepted."""

    id: UUID
    contact_id: UUID | None
    number_masked: str | None
    code: RefusalCode
    message: str
    path: tuple[str, ...]  # inside the recipients of the input


async def read_batches_by_id(tx: TenantTransaction, ids: Sequence[UUID]) -> dict[UUID, BatchRow]:
    """Those of these batches that the tenant has, with their counts, in one statement."""
    rows = await tx.rows(
        "SELECT batch.id, total, accepted, actor_kind, actor_name, created_at, count.status, count.number "
        "FROM message_batch AS batch LEFT JOIN LATERAL (SELECT status, count(*) AS number FROM message "
        "WHERE message.tenant_id = batch.tenant_id AND message.batch_id = batch.id GROUP BY status) AS count ON true "
        "WHERE batch.tenant_id = $1 AND batch.id = ANY($2::uuid[])",
        tx.tenant_id,
        list(ids),
    )
    counts: dict[UUID, list[tuple[MessageStatus, int]]] = {}
    for row in rows:
        own = counts.setdefault(row["id"], [])
        if row["status"] is not None:
            own.append((MessageStatus(row["status"]), row["number"]))
    return {
        row["id"]: BatchRow(
            row["id"],
            row["total"],
            row["accepted"],
            ActorKind(row["actor_kind"]),
            row["actor_name"],
            row["created_at"],
            tuple(sorted(counts[row["id"]], key=lambda count: rank(count[0]))),
        )
        for row in rows
    }


async def read_refusals_of(
    tx: TenantTransaction, batch_ids: Sequence[UUID], request: PageRequest
) -> dict[UUID, Page[RefusalRow]]:
    """A page of each of these batches' refusals, in the order of the recipients."""
    listing = Listing(_REFUSAL_COLUMNS, "message_refusal", "id", ["tenant_id = $1"], [tx.tenant_id])
    return await read_pages_of(tx, listing, "batch_id", batch_ids, OLDEST_FIRST, request, _refusal_row)


def _refusal_row(row: Row) -> RefusalRow:
    path = tuple(row["place"].split(".")) if row["place"] else ()
    return RefusalRow(
        row["id"], row["contact_id"], row["number_masked"], RefusalCode(row["code"]), row["message"], path
    )
