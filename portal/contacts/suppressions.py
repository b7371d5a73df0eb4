"""The numbers that want no messages, and who said so."""

from datetime import datetime
from enum import StrEnum

from portal.clock import new_id
from portal.database import TenantTransaction


class SuppressionSource(StrEnum):
    """Where the wish came from."""

    STOP = "STOP"
    CARRIER = "CARRIER"
    IMPORT = "IMPORT"
    MANUAL = "MANUAL"


async def suppress(tx: TenantTransaction, number: str, source: SuppressionSource, *, now: datetime) -> None:
    """Put a number on the list; one that is there keeps its first source and time."""
    await tx.execute(
        "INSERT INTO suppression (tenant_id, id, number, source, since) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (tenant_id, number) DO NOTHING",
        tx.tenant_id,
        new_id(now),
        number,
        source.value,
        now,
    )
