"""Handing accepted messages to the provider: claimed per tenant, sent once, and never again when nobody can say."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog

from portal.alerts.catalogue import AlertKind, ProviderFault
from portal.alerts.raising import Occurrence, raise_alerts
from portal.clock import Clock
from portal.database import Database, DatabaseRole, TenantTransaction
from portal.live.changes import Change, ChangeKind
from portal.messages.canceling import cancel_claimed
from portal.messages.confirming import CONFIRM_AFTER, Confirming, confirm
from portal.messages.provider import (
    Accepted,
    MessageProvider,
    OutgoingMessage,
    ProviderCredentials,
    Refused,
    SendOutcome,
    Throttled,
    Unknown,
)
from portal.messages.recording import EventSource, News, record
from portal.messages.status import MessageStatus, Standing
from portal.tenants.accounts import ProviderAccounts

LEASE = timedelta(minutes=2)  # when it ends, the sender is gone, and what it sent is in the provider's log
_HAND_OVER = timedelta(minutes=1)  # nothing is handed over later in a lease: its request has to end before the lease
BATCH = 50
AT_ONCE = 10  # requests side by side for one tenant
MOST_TENANTS = 50  # served side by side by one dispatcher
_GROUP_SECONDS = 0.02  # outcomes this close together share a transaction
_FIRST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(minutes=5)
_REST = timedelta(seconds=30)  # of a tenant that could not be served

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this worker alone may hand over, until its lease ends."""

    id: UUID
    recipient: str
    sender: str
    body: str
    attempts: int
    claimed_at: datetime


class _Claim(NamedTuple):
    """What one worker does of a tenant's work; `unwanted` are claimed, and their recipients have left meanwhile."""

    sending: list[Claimed]
    confirming: list[Confirming]
    unwanted: list[UUID]


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
                "SELECT due_tenant.tenant_id FROM due_tenant JOIN tenant ON tenant.id = due_tenant.tenant_id "
                "WHERE due_at <= $1 AND tenant.state = 'ACTIVE' ORDER BY due_at LIMIT $2",
                self._clock.now(),
                MOST_TENANTS,
            )
        waiting = [row["tenant_id"] for row in due if row["tenant_id"] not in self._serving]
        begun = waiting[: MOST_TENANTS - len(self._serving)]
        for tenant_id in begun:
            self._serving[tenant_id] = asyncio.create_task(self._serve(tenant_id))
        return len(begun)

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
                await self._rest(tenant_id, ProviderFault.ACCOUNT_MISSING)
                return
            begun = self._clock.now()
            async with self._database.for_tenant(tenant_id) as tx:
                claim = await _claim(tx, begun)
                for message in claim.sending:
                    tx.announce(Change(ChangeKind.MESSAGE_STATUS, message.id))
            if claim.unwanted:
                # In a transaction of its own: whoever accepts holds the balance when it waits for who claims.
                async with self._database.for_tenant(tenant_id) as tx:
                    await cancel_claimed(tx, claim.unwanted, now=self._clock.now())
            await self._send_all(tenant_id, credentials, claim.sending)
            until = begun + _HAND_OVER
            await confirm(self._database, self._provider, credentials, tenant_id, claim.confirming, self._clock, until)
            async with self._database.for_tenant(tenant_id) as tx:
                await _note_next(tx)
        except Exception as error:
            log.exception("tenant_not_served", tenant_id=str(tenant_id), error=type(error).__name__)
            with contextlib.suppress(Exception):  # the database may be what is wrong
                await self._rest(tenant_id, ProviderFault.NOT_SERVED)
        finally:
            del self._serving[tenant_id]

    async def _rest(self, tenant_id: UUID, fault: ProviderFault) -> None:
        """Come back later to a tenant that cannot be served: it waits, and nobody turns in circles for it."""
        now = self._clock.now()
        async with self._database.for_tenant(tenant_id) as tx:
            await tx.execute(
                "UPDATE due_tenant SET due_at = greatest(due_at, $2) WHERE tenant_id = $1", tenant_id, now + _REST
            )
        event = f"{fault}/{now:%Y-%m-%dT%H}"  # counted once an hour, however often it is tried in it
        async with self._database.for_tenant(tenant_id) as tx:
            await raise_alerts(tx, [Occurrence(AlertKind.PROVIDER_ERROR, fault, event, now)], now=now)

    async def _send_all(self, tenant_id: UUID, credentials: ProviderCredentials, messages: Sequence[Claimed]) -> None:
        """Hand over, and write down each outcome soon: those that come together in one transaction."""
        turn = asyncio.Semaphore(AT_ONCE)
        pending = {asyncio.create_task(self._send(tenant_id, credentials, message, turn)) for message in messages}
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                if pending:
                    more, pending = await asyncio.wait(pending, timeout=_GROUP_SECONDS)
                    done |= more
                now = self._clock.now()
                async with self._database.for_tenant(tenant_id) as tx:
                    await record(tx, [_news(*task.result(), now) for task in done], now=now)
        finally:  # whose outcomes cannot be written down are not sent; what is on its way is confirmed after its lease
            for task in pending:
                task.cancel()

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
            if self._clock.now() - message.claimed_at >= _HAND_OVER:
                return message, Throttled(None)  # nothing was sent, and another may be about to
            return message, await self._provider.send(credentials, outgoing)


def _news(message: Claimed, outcome: SendOutcome, now: datetime) -> News:
    standing, due_at = Standing(MessageStatus.CONFIRMING), None
    reference, left, error = None, False, None
    match outcome:
        case Accepted():
            standing, reference, left = Standing(outcome.status), outcome.reference, True
        case Refused():
            standing, error = Standing(MessageStatus.FAILED, outcome.issue), outcome.error
        case Throttled():
            standing = Standing(MessageStatus.QUEUED)
            due_at = now + max(_pause(message.attempts), outcome.retry_after or timedelta())
        case Unknown():
            due_at = now + CONFIRM_AFTER
    told = isinstance(outcome, Accepted | Refused)
    source = EventSource.PROVIDER_ANSWER if told else EventSource.PORTAL
    return News(
        message.id, standing, now, source, reference, left=left, due_at=due_at, attempt=message.attempts, error=error
    )


def _pause(attempts: int) -> timedelta:
    """Exponential with full jitter, so that throttled senders do not come back in step."""
    ceiling = min(_LONGEST_PAUSE, _FIRST_PAUSE * (1 << min(attempts, 10)))
    return ceiling * random.random()  # noqa: S311  jitter, no secret


async def _claim(tx: TenantTransaction, now: datetime) -> _Claim:
    # Whoever holds the tenant's row claims; acceptance waits for it, so no wake-up is lost.
    held = await tx.value(
        "SELECT 1 FROM due_tenant WHERE tenant_id = $1 AND due_at <= $2 FOR UPDATE SKIP LOCKED", tx.tenant_id, now
    )
    if held is None:
        return _Claim([], [], [])
    # SENDING whose lease ended was being sent by a worker that is gone: nobody knows whether it left.
    rows = await tx.rows(
        "WITH due AS (SELECT id FROM message WHERE tenant_id = $1 AND due_at <= $2 "
        "ORDER BY due_at, id LIMIT $4 FOR UPDATE SKIP LOCKED) "
        "UPDATE message SET status = CASE status WHEN 'QUEUED' THEN 'SENDING' ELSE 'CONFIRMING' END, "
        "status_at = CASE status WHEN 'CONFIRMING' THEN status_at ELSE $2 END, due_at = $3, "
        "attempts = attempts + 1, first_tried_at = coalesce(first_tried_at, $2) FROM due "
        "WHERE message.tenant_id = $1 AND message.id = due.id "
        "RETURNING message.id, status, recipient_number, sender_number, body, attempts, first_tried_at, "
        "keyword IS NULL AND EXISTS (SELECT 1 FROM suppression "
        "WHERE suppression.tenant_id = $1 AND suppression.number = recipient_number) AS unwanted",
        tx.tenant_id,
        now,
        now + LEASE,
        BATCH,
    )
    # Whoever left after it was accepted gets it no more; the answers to their keywords they do get.
    unwanted = [row["id"] for row in rows if row["status"] == MessageStatus.SENDING and row["unwanted"]]
    sending = [
        Claimed(row["id"], row["recipient_number"], row["sender_number"], row["body"], row["attempts"], now)
        for row in rows
        if row["status"] == MessageStatus.SENDING and not row["unwanted"]
    ]
    confirming = [
        Confirming(row["id"], row["recipient_number"], row["sender_number"], row["body"], row["first_tried_at"])
        for row in rows
        if row["status"] == MessageStatus.CONFIRMING
    ]
    await _note_next(tx)
    return _Claim(sending, confirming, unwanted)


async def _note_next(tx: TenantTransaction) -> None:
    """Say when this tenant has work again; the row is locked first, so that what is accepted meanwhile counts."""
    await tx.execute("SELECT 1 FROM due_tenant WHERE tenant_id = $1 FOR UPDATE", tx.tenant_id)
    due = await tx.value("SELECT min(due_at) FROM message WHERE tenant_id = $1 AND due_at IS NOT NULL", tx.tenant_id)
    if due is None:
        await tx.execute("DELETE FROM due_tenant WHERE tenant_id = $1", tx.tenant_id)
    else:
        await tx.execute("UPDATE due_tenant SET due_at = $2 WHERE tenant_id = $1", tx.tenant_id, due)
