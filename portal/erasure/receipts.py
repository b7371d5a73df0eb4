"""What was erased: counts, times and a digest, and nobody's name."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

import orjson

from portal.clock import written
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.database.keyset import Keyset, Listing, Page, PageRequest, read_page

_NEWEST_FIRST = Keyset("erasure-", descending=True)
_COLUMNS = "id, state, erased, waits_for, requested_at, erased_here_at, erased_there_at, digest"


class ErasureState(StrEnum):
    """Whether all of it is done."""

    WAITING = "WAITING"
    DONE = "DONE"


class WaitsFor(StrEnum):
    """What an erasure goes on after."""

    IN_FLIGHT = "IN_FLIGHT"
    CARRIER = "CARRIER"


class Erased(StrEnum):
    """What is counted."""

    CONTACTS = "contacts"
    MESSAGES = "messages"
    CALLS = "calls"
    CONVERSATIONS = "conversations"
    REFUSALS = "refusals"
    CONSENTS = "consents"
    REPORTS = "reports"
    EVENTS = "events"
    AUDIT_ENTRIES = "auditEntries"
    CARRIER_MESSAGES = "carrierMessages"
    CARRIER_CALLS = "carrierCalls"


class ReceiptRow(NamedTuple):
    """An erasure as it is shown."""

    id: UUID
    state: ErasureState
    erased: dict[str, int]
    waits_for: WaitsFor | None
    requested_at: datetime
    erased_here_at: datetime | None
    erased_there_at: datetime | None
    digest: bytes | None


async def read_receipts(tx: TenantTransaction, request: PageRequest) -> Page[ReceiptRow]:
    """A page of the tenant's erasures, the newest first."""
    listing = Listing(_COLUMNS, "contact_erasure", "id", ["tenant_id = $1"], [tx.tenant_id])
    return await read_page(tx, listing, _NEWEST_FIRST, request, _receipt_row)


async def read_receipts_by_id(tx: TenantTransaction, ids: Sequence[UUID]) -> dict[UUID, ReceiptRow]:
    """Those of these erasures that the tenant has, in one statement."""
    sql = f"SELECT {_COLUMNS} FROM contact_erasure WHERE tenant_id = $1 AND id = ANY($2::uuid[])"  # noqa: S608  constants
    return {row["id"]: _receipt_row(row) for row in await tx.rows(sql, tx.tenant_id, list(ids))}


def _receipt_row(row: Row) -> ReceiptRow:
    return ReceiptRow(
        id=row["id"],
        state=ErasureState(row["state"]),
        erased=orjson.loads(row["erased"]),
        waits_for=WaitsFor(row["waits_for"]) if row["waits_for"] else None,
        requested_at=row["requested_at"],
        erased_here_at=row["erased_here_at"],
        erased_there_at=row["erased_there_at"],
        digest=row["digest"],
    )


def digest_of(tenant_id: UUID, receipt: ReceiptRow) -> bytes:
    """SHA-256 of a receipt in canonical form: JSON with sorted keys, without spaces, instants to the millisecond."""
    content = {
        "tenantId": str(tenant_id),
        "id": str(receipt.id),
        "requestedAt": written(receipt.requested_at),
        "erasedHereAt": receipt.erased_here_at and written(receipt.erased_here_at),
        "erasedAtCarrierAt": receipt.erased_there_at and written(receipt.erased_there_at),
        "erased": receipt.erased,
    }
    return sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()
