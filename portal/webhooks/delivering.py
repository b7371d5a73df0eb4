"""Delivers events: each at least once, in no order, and no endpoint ever waits for another."""

import asyncio
import contextlib
from uuid import UUID

import structlog

from portal.clock import Clock
from portal.database import Database
from portal.encryption import SecretBox
from portal.webhooks.claiming import LEASE, Claim, Claimed, DueEndpoint, claim, due_endpoints, put_off
from portal.webhooks.client import WebhookClient
from portal.webhooks.recording import Tried, record
from portal.webhooks.signing import signed_headers

AT_ONCE = 10  # requests side by side to one endpoint
MOST_ENDPOINTS = (
    500  # served side by side by one worker: one that hangs costs a place, and no connection to the database
)
_START_WITHIN = LEASE / 2  # nothing is begun later in a lease: its request has to end before the lease
_GROUP_SECONDS = 0.05  # outcomes this close together share a transaction

log = structlog.get_logger(__name__)


class WebhookDelivery:
    """The worker's part; any number of them work side by side, in one process or many."""

    def __init__(self, database: Database, box: SecretBox, client: WebhookClient, clock: Clock) -> None:
        self._database = database
        self._box = box
        self._client = client
        self._clock = clock
        self._serving: dict[DueEndpoint, asyncio.Task[None]] = {}
        self._stopping = False

    async def start_due(self) -> int:
        """Begin to serve each endpoint with deliveries that are due and that is not served already; how many."""
        most = MOST_ENDPOINTS - len(self._serving)
        if most <= 0:
            return 0
        due = await due_endpoints(self._database, set(self._serving), most=most, now=self._clock.now())
        for endpoint in due:
            self._serving[endpoint] = asyncio.create_task(self._serve(endpoint))
        return len(due)

    async def run_once(self) -> int:
        """Serve every endpoint with due deliveries, and wait for the end of it; how many endpoints that were."""
        begun = await self.start_due()
        await asyncio.gather(*self._serving.values())
        return begun

    async def stop(self) -> None:
        """Begin nothing more, and wait until whatever is being sent has its outcome written down."""
        self._stopping = True
        await asyncio.gather(*self._serving.values())

    async def _serve(self, endpoint: DueEndpoint) -> None:
        try:
            while not self._stopping:
                async with self._database.for_tenant(endpoint.tenant_id) as tx:
                    claimed = await claim(tx, endpoint.id, self._box, now=self._clock.now())
                if claimed is None:
                    return
                await self._send_all(endpoint, claimed)
        except Exception as error:  # what was claimed comes back when its lease ends
            log.exception("webhooks_not_delivered", tenant_id=str(endpoint.tenant_id), error=type(error).__name__)
            with contextlib.suppress(Exception):  # the database may be what is wrong
                async with self._database.for_tenant(endpoint.tenant_id) as tx:
                    await put_off(tx, endpoint.id, now=self._clock.now())
        finally:
            del self._serving[endpoint]

    async def _send_all(self, endpoint: DueEndpoint, claimed: Claim) -> None:
        """Send, and write down each outcome soon: those that come together in one transaction."""
        turn = asyncio.Semaphore(AT_ONCE)
        pending = {asyncio.create_task(self._send(claimed, one, turn)) for one in claimed.deliveries}
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                if pending:
                    more, pending = await asyncio.wait(pending, timeout=_GROUP_SECONDS)
                    done |= more
                tried = [outcome for outcome in (task.result() for task in done) if outcome is not None]
                await self._record(endpoint.tenant_id, endpoint.id, tried)
        finally:
            for task in pending:
                task.cancel()

    async def _send(self, claimed: Claim, delivery: Claimed, turn: asyncio.Semaphore) -> Tried | None:
        async with turn:
            now = self._clock.now()
            if now - delivery.claimed_at >= _START_WITHIN:
                return None  # it is tried again when its lease ends
            headers = signed_headers(delivery.event_id, delivery.body, claimed.secrets, now=now)
            return Tried(delivery, await self._client.post(claimed.url, headers, delivery.body.encode()))

    async def _record(self, tenant_id: UUID, endpoint_id: UUID, tried: list[Tried]) -> None:
        if not tried:
            return
        async with self._database.for_tenant(tenant_id) as tx:
            await record(tx, endpoint_id, tried, now=self._clock.now())
