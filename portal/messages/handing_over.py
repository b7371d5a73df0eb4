"""Handing one tenant's claimed messages over, many side by side, and writing down what came of them in groups."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal.clock import Clock
from portal.database import Database, TenantTransaction
from portal.messages.canceling import cancel_claimed
from portal.messages.claiming import Claim, Claimed, note_next
from portal.messages.confirming import CONFIRM_AFTER, Confirming, confirm
from portal.messages.expiring import expire
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
from portal.messages.slowing import pause_until, slow_down, speed_up
from portal.messages.status import MessageStatus, Standing

HAND_OVER = timedelta(minutes=1)  # nothing is handed over later in a lease: its request has to end before the lease
_GROUP_SECONDS = 0.02  # outcomes this close together share a transaction

CallbackUrl = Callable[[UUID, UUID], str]
Landed = tuple[Claimed, SendOutcome | None]  # None: its time was over before its turn came, and nothing was sent


@dataclass(frozen=True, slots=True)
class Tools:
    """What all tenants of one worker are served with."""

    database: Database
    provider: MessageProvider
    clock: Clock
    callback_url: CallbackUrl
    slots: asyncio.Semaphore  # for each request that may be under way
    landed: asyncio.Event  # set when some messages are under way no more


class HandOver:
    """What is under way of one tenant in this worker."""

    def __init__(self, tenant_id: UUID, tools: "Tools") -> None:
        self._tenant_id = tenant_id
        self._tools = tools
        self._under_way: set[asyncio.Task[None]] = set()
        self._landed: list[Landed] = []
        self._something = asyncio.Event()
        self._failed: BaseException | None = None
        self._slowed = False
        self.confirming = False
        """Whether it asks the provider about messages; asked from two sides at once it would be asked too much."""
        self.messages = 0
        """How many are claimed, and not written down yet."""

    def add(self, credentials: ProviderCredentials, claim: Claim) -> None:
        """Begin with what was claimed."""
        self._slowed = claim.slowed
        self.messages += len(claim.sending)
        for message in claim.sending:
            self._begin(self._send(credentials, message))
        if claim.unwanted or claim.too_old:
            self._begin(self._turn_away(claim))
        if claim.confirming:
            self.confirming = True
            self._begin(self._confirm(credentials, claim.confirming))

    async def finish(self) -> None:
        """Write down what lands, until all has; what is added meanwhile too."""
        try:
            while self._under_way or self._landed:
                await self._something.wait()
                if self._landed:
                    await asyncio.sleep(_GROUP_SECONDS)
                self._something.clear()
                await self._write_down()
                if self._failed is not None:
                    raise self._failed
                if not (self._under_way or self._landed):
                    # In a transaction of its own: who accepts holds the balance when it waits for the row of the due.
                    async with self._tools.database.for_tenant(self._tenant_id) as tx:
                        await note_next(tx, now=self._tools.clock.now())
        finally:  # whose outcomes cannot be written down are not sent; what is on its way is confirmed after its lease
            for task in self._under_way:
                task.cancel()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and self._failed is None:
            self._failed = task.exception()
        self._something.set()

    async def _send(self, credentials: ProviderCredentials, message: Claimed) -> None:
        outgoing = OutgoingMessage(
            recipient=message.recipient,
            body=message.body,
            media_urls=message.media_urls,
            sender=message.sender,
            messaging_service=None,
            status_callback=self._tools.callback_url(self._tenant_id, message.id),
            content=message.content,
        )
        async with self._tools.slots:
            late = self._tools.clock.now() - message.claimed_at >= HAND_OVER  # another may be about to send it
            outcome = None if late else await self._tools.provider.send(credentials, outgoing)
        self._landed.append((message, outcome))

    async def _turn_away(self, claim: Claim) -> None:
        """End what is wanted no more. Not where it was claimed: who accepts holds the balance, and waits for that."""
        now = self._tools.clock.now()
        if claim.unwanted:
            async with self._tools.database.for_tenant(self._tenant_id) as tx:
                await cancel_claimed(tx, claim.unwanted, now=now)
        if claim.too_old:
            async with self._tools.database.for_tenant(self._tenant_id) as tx:
                await expire(tx, claim.too_old, now=now)

    async def _confirm(self, credentials: ProviderCredentials, messages: Sequence[Confirming]) -> None:
        tools = self._tools
        until = tools.clock.now() + HAND_OVER
        await confirm(tools.database, tools.provider, credentials, self._tenant_id, messages, tools.clock, until)
        self.confirming = False

    async def _write_down(self) -> None:
        """Those that landed close together, in one transaction."""
        landed, self._landed = self._landed, []
        if landed:
            async with self._tools.database.for_tenant(self._tenant_id) as tx:
                await _write_down(tx, landed, slowed=self._slowed, now=self._tools.clock.now())
            self.messages -= len(landed)
            self._tools.landed.set()


async def _write_down(tx: TenantTransaction, landed: Sequence[Landed], *, slowed: bool, now: datetime) -> None:
    asked = [outcome.retry_after or timedelta() for _, outcome in landed if isinstance(outcome, Throttled)]
    until, step = await pause_until(tx, max(asked), now=now) if asked else (now, 0)
    await record(tx, [_news(message, outcome, until, now) for message, outcome in landed], now=now)
    if asked:
        await slow_down(tx, until, step, len(asked), now=now)
    elif slowed:
        await speed_up(tx, now=now)


def _news(message: Claimed, outcome: SendOutcome | None, until: datetime, now: datetime) -> News:
    """What an outcome means; what was not taken is due again once the account may go on."""
    standing, due_at = Standing(MessageStatus.CONFIRMING), None
    reference, left, error = None, False, None
    match outcome:
        case Accepted():
            standing, reference, left = Standing(outcome.status), outcome.reference, True
        case Refused():
            standing, error = Standing(MessageStatus.FAILED, outcome.issue), outcome.error
        case Throttled() | None:
            standing, due_at = Standing(MessageStatus.QUEUED), until
        case Unknown():
            due_at = now + CONFIRM_AFTER
    told = isinstance(outcome, Accepted | Refused)
    source = EventSource.PROVIDER_ANSWER if told else EventSource.PORTAL
    return News(
        message.id, standing, now, source, reference, left=left, due_at=due_at, attempt=message.attempts, error=error
    )
