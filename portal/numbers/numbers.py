"""Reading the tenant's numbers."""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from portal.calls.speech import Speech, SpeechLanguage
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.database.keyset import Keyset, Listing, Page, PageRequest, read_page
from portal.numbers.kinds import NumberCapability

_COLUMNS = (
    "id, number, label, capabilities, ready, segments_per_second, voice_action, voice_forward_to, voice_announcement, "
    "voice_language"
)
_OLDEST_FIRST = Keyset("created")


class VoiceAction(StrEnum):
    """What becomes of a call to a number."""

    FORWARD = "FORWARD"
    ANNOUNCE = "ANNOUNCE"
    REJECT = "REJECT"


class VoiceRule(NamedTuple):
    """How calls to a number are answered."""

    action: VoiceAction
    forward_to: str | None  # E.164, with FORWARD alone
    speech: Speech | None  # said with ANNOUNCE, and with FORWARD where the call may not be forwarded


class NumberRow(NamedTuple):
    """A number as lists read it."""

    id: UUID
    number: str
    label: str
    capabilities: tuple[NumberCapability, ...]
    ready: bool
    segments_per_second: Decimal | None  # as registered; None: what its kind may
    voice: VoiceRule | None  # None: calls are rejected, nobody said what to do with them


def number_row(row: Row) -> NumberRow:
    """A record with the columns of a number."""
    voice = None
    if row["voice_action"] is not None:
        text = row["voice_announcement"]
        speech = None if text is None else Speech(text, SpeechLanguage(row["voice_language"]))
        voice = VoiceRule(VoiceAction(row["voice_action"]), row["voice_forward_to"], speech)
    can = tuple(NumberCapability(one) for one in row["capabilities"])
    return NumberRow(row["id"], row["number"], row["label"], can, row["ready"], row["segments_per_second"], voice)


async def read_numbers(tx: TenantTransaction, request: PageRequest) -> Page[NumberRow]:
    """A page of the tenant's numbers, those that came first first."""
    listing = Listing(_COLUMNS, "number", "id", ["tenant_id = $1"], [tx.tenant_id])
    return await read_page(tx, listing, _OLDEST_FIRST, request, number_row)


async def read_numbers_by_id(tx: TenantTransaction, ids: Sequence[UUID]) -> dict[UUID, NumberRow]:
    """Those of these numbers that the tenant has, in one statement."""
    sql = f"SELECT {_COLUMNS} FROM number WHERE tenant_id = $1 AND id = ANY($2::uuid[])"  # noqa: S608  constants
    return {row["id"]: number_row(row) for row in await tx.rows(sql, tx.tenant_id, list(ids))}


async def read_number(tx: TenantTransaction, number: str) -> NumberRow | None:
    """The tenant's number of these digits, or None where it is not the tenant's."""
    row = await tx.row(f"SELECT {_COLUMNS} FROM number WHERE tenant_id = $1 AND number = $2", tx.tenant_id, number)  # noqa: S608  constants
    return None if row is None else number_row(row)
