"""Handing accepted messages to the provider: claimed per tenant, sent once, and never again when nobody can say."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from portal.clock import Clock
from portal.database import Database, DatabaseRole, TenantTransaction
from portal.messages.confirming import CONFIRM_AFTER, Confirming, confirm
from portal.messages.provider import (
    Accepted,
    MessageProvider,
    OutgoingMessage,
    ProviderCredentials,
    Refused,
    SendOutcome,
    Throttled,
)
from portal.messages.recording import EventSource, News, record
from portal.messages.status import MessageStatus, Standing
from portal.tenants.accounts import ProviderAccounts

LEASE = timedelta(minutes=2)  # longer than any deadline of the gateway: when it ends, the sender is gone
BATCH = 50
AT_ONCE = 10  # requests side by side for one tenant
MOST_TENANTS = 50  # served side by side by one dispatcher
_GROUP_SECONDS = 0.02  # outcomes this close together share a transaction
_FIRST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(minutes=5)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this worker alone may hand over, until its lease ends."""

    id: UUID
    recipient: str
    sender: str
    body: str
    attempts: int


class Dispatcher:
    """Sends what is due; any number of them work side by side, in one process or many."""

    def __init__(
        self,
        database: Database,
        provider: MessageProvider,
        accounts: ProviderAccounts,
        clock: Clock,
        callback_url: Callable[[UUID, UUID], str],
    ) -> None:
        self._database = database
        self._provider = provider
        self._accounts = accounts
        self._clock = clock
        self._callback_url = callback_url
        self._serving: dict[UUID, asyncio.Task[None]] = {}

    async def start_due(self) -> int:
        """Begin to serve each tenant with due work that this dispatcher does not serve already; how many it began.

        Tenants are served side by side, so that one whose requests are slow delays nobody else.
        """
        async with self._database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
            due = await tx.rows(
                "SELECT tenant_id FROM due_tenant WHERE due_at <= $1 ORDER BY due_at LIMIT $2",
                self._clock.now(),
                MOST_TENANTS,
            )
        waiting = [row["tenant_id"] for row in due if row["tenant_id"] not in self._serving]
        for tenant_id in waiting[: MOST_TENANTS - len(self._serving)]:
            self._serving[tenant_id] = asyncio.create_task(self._serve(tenant_id))
        return len(waiting)

    async def run_once(self) -> int:
        """Serve every tenant with due work once and wait for the end of it; how many tenants that were."""
        begun = await self.start_due()
        await self.finish()
        return begun

    async def finish(self) -> None:
        """Wait until whoever is being served is served; what went wrong is logged, and comes back with its lease."""
        await asyncio.gather(*self._serving.values())

    async def _serve(self, tenant_id: UUID) -> None:
        try:
            credentials = await self._accounts.credentials(tenant_id)
            if credentials is None:
                log.error("tenant_without_provider_account", tenant_id=str(tenant_id))
                return
            async with self._database.for_tenant(tenant_id) as tx:
                sending, confirming = await _claim(tx, self._clock.now())
            await self._send_all(tenant_id, credentials, sending)
            await confirm(self._database, self._provider, credentials, tenant_id, confirming, self._clock)
            async with self._database.for_tenant(tenant_id) as tx:
                await _note_next(tx)
        except Exception as error:
            log.exception("tenant_not_served", tenant_id=str(tenant_id), error=type(error).__name__)
        finally:
            del self._serving[tenant_id]

    async def _send_all(self, tenant_id: UUID, credentials: ProviderCredentials, messages: Sequence[Claimed]) -> None:
        """Hand over, and write down each outcome soon: those that come together in one transaction."""
        turn = asyncio.Semaphore(AT_ONCE)
        pending = {asyncio.create_task(self._send(tenant_id, credentials, message, turn)) for message in messages}
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            if pending:
                more, pending = await asyncio.wait(pending, timeout=_GROUP_SECONDS)
                done |= more
            now = self._clock.now()
            news = [_news(*task.result(), now) for task in done]
            async with self._database.for_tenant(tenant_id) as tx:
                await record(tx, news, now=now)
                await _requeue(tx, [item for item in news if item.standing.status is MessageStatus.QUEUED])

    async def _send(
        self, tenant_id: UUID, credentials: ProviderCredentials, message: Claimed, turn: asyncio.Semaphore
    ) -> tuple[Claimed, SendOutcome]:
        outgoing = OutgoingMessage(
            recipient=message.recipient,
            body=message.body,
            sender=message.sender,
            messaging_service=None,
            status_callback=self._callback_url(tenant_id, message.id),
        )
        async with turn:
            return message, await self._provider.send(credentials, outgoing)


def _news(message: Claimed, outcome: SendOutcome, now: datetime) -> News:
    if isinstance(outcome, Accepted):
        standing = Standing(outcome.status)
        return News(message.id, standing, now, EventSource.PROVIDER_ANSWER, outcome.reference)
    if isinstance(outcome, Refused):
        standing = Standing(MessageStatus.FAILED, outcome.issue)
        return News(message.id, standing, now, EventSource.PROVIDER_ANSWER, left=False)
    if isinstance(outcome, Throttled):
        pause = _pause(message.attempts)
        if outcome.retry_after is not None:
            pause = max(pause, outcome.retry_after)
        due_at = now + pause
        return News(message.id, Standing(MessageStatus.QUEUED), now, EventSource.PORTAL, left=False, due_at=due_at)
    standing = Standing(MessageStatus.CONFIRMING)
    due_at = now + CONFIRM_AFTER
    return News(message.id, standing, now, EventSource.PORTAL, left=False, due_at=due_at)


def _pause(attempts: int) -> timedelta:
    """Exponential with full jitter, so that throttled senders do not come back in step."""
    ceiling = min(_LONGEST_PAUSE, _FIRST_PAUSE * (1 << min(attempts, 10)))
    return ceiling * random.random()  # noqa: S311  jitter, no secret


async def _claim(tx: TenantTransaction, now: datetime) -> tuple[list[Claimed], list[Confirming]]:
    # Whoever holds the tenant's row claims; acceptance waits for it, so no wake-up is lost.
    held = await tx.value(
        "SELECT 1 FROM due_tenant WHERE tenant_id = $1 AND due_at <= $2 FOR UPDATE SKIP LOCKED", tx.tenant_id, now
    )
    if held is None:
        return [], []
    # SENDING whose lease ended was being sent by a worker that is gone: nobody knows whether it left.
    rows = await tx.rows(
        "WITH due AS (SELECT id FROM message WHERE tenant_id = $1 AND due_at <= $2 "
        "ORDER BY due_at, id LIMIT $4 FOR UPDATE SKIP LOCKED) "
        "UPDATE message SET status = CASE status WHEN 'QUEUED' THEN 'SENDING' ELSE 'CONFIRMING' END, due_at = $3, "
        "attempts = attempts + 1, first_tried_at = coalesce(first_tried_at, $2) FROM due "
        "WHERE message.tenant_id = $1 AND message.id = due.id "
        "RETURNING message.id, status, recipient_number, sender_number, body, attempts, first_tried_at",
        tx.tenant_id,
        now,
        now + LEASE,
        BATCH,
    )
    sending = [
        Claimed(row["id"], row["recipient_number"], row["sender_number"], row["body"], row["attempts"])
        for row in rows
        if row["status"] == MessageStatus.SENDING
    ]
    confirming = [
        Confirming(row["id"], row["recipient_number"], row["sender_number"], row["body"], row["first_tried_at"])
        for row in rows
        if row["status"] == MessageStatus.CONFIRMING
    ]
    await _note_next(tx)
    return sending, confirming


async def _requeue(tx: TenantTransaction, news: Sequence[News]) -> None:
    """Put throttled messages back: they were never processed. The order of statuses alone would keep them SENDING."""
    if news:
        await tx.execute(
            "UPDATE message SET status = 'QUEUED' WHERE tenant_id = $1 AND id = ANY($2::uuid[]) AND status = 'SENDING' "
            "AND provider_reference IS NULL",
            tx.tenant_id,
            [item.message_id for item in news],
        )


async def _note_next(tx: TenantTransaction) -> None:
    """Say when this tenant has work again; the row is locked first, so that what is accepted meanwhile counts."""
    await tx.execute("SELECT 1 FROM due_tenant WHERE tenant_id = $1 FOR UPDATE", tx.tenant_id)
    due = await tx.value("SELECT min(due_at) FROM message WHERE tenant_id = $1 AND due_at IS NOT NULL", tx.tenant_id)
    if due is None:
        await tx.execute("DELETE FROM due_tenant WHERE tenant_id = $1", tx.tenant_id)
    else:
        await tx.execute("UPDATE due_tenant SET due_at = $2 WHERE tenant_id = $1", tx.tenant_id, due)
