"""What people wrote while nobody listened: read from the provider's log, and taken in as if it had been called back."""

from datetime import datetime, timedelta
from uuid import UUID

from portal.conversations.provider import InboundLog
from portal.conversations.receiving import receive
from portal.database import Database
from portal.messages.provider import ProviderCredentials
from portal.messages.recording import EventSource

READ_EVERY = timedelta(minutes=5)
LOOK_BACK = timedelta(days=1)  # of a tenant whose log was never read
_OVERLAP = timedelta(minutes=10)  # what is written to the log late is not missed again
_BATCH = 200


async def receive_missed(
    database: Database,
    log: InboundLog,
    credentials: ProviderCredentials,
    tenant_id: UUID,
    *,
    read_until: datetime,
    now: datetime,
) -> int:
    """Take in what the tenant's numbers received since the log was read last; how many messages were new.

    Raises:
        ProviderUnavailableError: the log could not be read.
    """
    async with database.for_tenant(tenant_id, read_only=True) as tx:
        numbers = await tx.rows("SELECT number FROM number WHERE tenant_id = $1 ORDER BY id", tenant_id)
    received = 0
    for row in numbers:
        found = await log.received_by(credentials, row["number"], since=read_until - _OVERLAP)
        found.reverse()  # the oldest first: what was said last counts
        for begin in range(0, len(found), _BATCH):
            async with database.for_tenant(tenant_id) as tx:
                received += await receive(tx, found[begin : begin + _BATCH], EventSource.SWEEP, now=now)
    return received
