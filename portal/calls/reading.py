"""Reading calls: lean rows, one statement a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from portal.calls.provider import CallDirection
from portal.calls.status import CallIssueCode, CallStatus
from portal.clock import ids_at
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.database.keyset import Keyset, Listing, Page, PageRequest, read_page

_NEWEST_FIRST = Keyset("created-", descending=True)


class CallRow(NamedTuple):
    """A call as lists read it; the full numbers are content, and None where that may not be read."""

    id: UUID
    direction: CallDirection
    status: CallStatus
    status_at: datetime
    sender_number: str | None
    sender_masked: str
    recipient_number: str | None
    recipient_masked: str
    recipient_country: str | None
    started_at: datetime | None
    duration_seconds: int | None
    provider_reference: str | None
    created_at: datetime
    issue: CallIssueCode | None
    announcement: str | None


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls; None asks for all."""

    statuses: tuple[CallStatus, ...] | None = None
    direction: CallDirection | None = None
    created_from: datetime | None = None
    created_until: datetime | None = None


_COLUMNS = (
    "id, direction, status, status_at, sender_masked, recipient_masked, recipient_country, started_at, "
    "duration_seconds, provider_reference, created_at, issue"
)
_CONTENT = ", sender_number, recipient_number, announcement"
_NO_CONTENT = (  # the database would refuse the columns
    ", NULL AS sender_number, NULL AS recipient_number, NULL AS announcement"
)


def _columns(tx: TenantTransaction) -> str:
    return _COLUMNS + (_CONTENT if tx.sees_content else _NO_CONTENT)


def _call_row(row: Row) -> CallRow:
    return CallRow(
        id=row["id"],
        direction=CallDirection(row["direction"]),
        status=CallStatus(row["status"]),
        status_at=row["status_at"],
        sender_number=row["sender_number"],
        sender_masked=row["sender_masked"],
        recipient_number=row["recipient_number"],
        recipient_masked=row["recipient_masked"],
        recipient_country=row["recipient_country"],
        started_at=row["started_at"],
        duration_seconds=row["duration_seconds"],
        provider_reference=row["provider_reference"],
        created_at=row["created_at"],
        issue=CallIssueCode(row["issue"]) if row["issue"] else None,
        announcement=row["announcement"],
    )


async def read_calls(tx: TenantTransaction, request: PageRequest, only: CallFilter) -> Page[CallRow]:
    """A page of calls, the newest first."""
    conditions = ["tenant_id = $1"]
    arguments: list[object] = [tx.tenant_id]

    def narrow(condition: str, value: object) -> None:
        arguments.append(value)
        conditions.append(condition.format(f"${len(arguments)}"))

    if only.statuses is not None:
        narrow("status = ANY({}::text[])", [status.value for status in only.statuses])
    if only.direction is not None:
        narrow("direction = {}", only.direction.value)
    # By the ids too, which tell the partitions and the place in their index.
    if only.created_from is not None:
        narrow("created_at >= {}", only.created_from)
        narrow("id >= {}", ids_at(only.created_from)[0])
    if only.created_until is not None:
        narrow("created_at < {}", only.created_until)
        narrow("id <= {}", ids_at(only.created_until)[1])
    listing = Listing(_columns(tx), "call", "id", conditions, arguments)
    return await read_page(tx, listing, _NEWEST_FIRST, request, _call_row)


async def read_calls_by_id(tx: TenantTransaction, ids: Sequence[UUID]) -> dict[UUID, CallRow]:
    """Those of these calls that the tenant has, in one statement."""
    sql = f"SELECT {_columns(tx)} FROM call WHERE tenant_id = $1 AND id = ANY($2::uuid[])"  # noqa: S608  constants
    return {row["id"]: _call_row(row) for row in await tx.rows(sql, tx.tenant_id, list(ids))}
