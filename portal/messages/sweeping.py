"""The sweep: asks the provider about messages that stay silent. What it finds is recorded as any other news.

Few are asked about one by one; of many, a page of the provider's log tells most, in one request for a thousand.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from portal.clock import Clock
from portal.database import Database, TenantTransaction
from portal.messages.issues import DeliveryIssueCode
from portal.messages.provider import MessageProvider, ProviderCredentials, ProviderMessage, ProviderUnavailableError
from portal.messages.recording import EventSource, News, record
from portal.messages.silence import next_question
from portal.messages.status import MessageStatus, Standing

BATCH = 1000  # messages of one tenant in one round, as many as a page of the provider's log has
FEW = 20  # that are asked about one by one in one round
_AT_ONCE = 5  # requests side by side for one tenant: what is sent meanwhile needs the others
_LEASE = timedelta(minutes=2)  # how long nobody else asks about what somebody asks about
_CLOCK_SKEW = timedelta(minutes=1)  # the provider's clock is not ours


@dataclass(frozen=True, slots=True)
class Silent:
    """A message of which nothing was heard for a while."""

    id: UUID
    reference: str
    handed_over_at: datetime


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did: how many were asked about, how many got news, how many questions got no answer."""

    asked: int = 0
    repaired: int = 0
    unanswered: int = 0
    more: bool = False  # whether more are due already


async def ask_silent(
    database: Database,
    provider: MessageProvider,
    credentials: ProviderCredentials,
    tenant_id: UUID,
    clock: Clock,
    due: datetime,
) -> Round:
    """Ask about a tenant's messages that were due at an instant, as many as one round may ask about."""
    async with database.for_tenant(tenant_id) as tx:
        silent = await _claim(tx, due, lease_until=clock.now() + _LEASE)
    found = await _listed(provider, credentials, silent) if len(silent) > FEW else {}
    rest = [message for message in silent if message.id not in found]
    answers = await _fetched(provider, credentials, rest[:FEW])
    found |= {key: answer for key, answer in answers.items() if not isinstance(answer, ProviderUnavailableError)}
    # In a transaction of its own: who records raises alerts last, and locks no more messages behind that.
    async with database.for_tenant(tenant_id) as tx:
        await _release(tx, [message.id for message in rest[FEW:]], due)
    async with database.for_tenant(tenant_id) as tx:
        repaired = await _note(tx, found, now=clock.now())
    return Round(len(found), repaired, len(silent) - len(found) - len(rest[FEW:]), more=len(rest) > FEW)


async def _claim(tx: TenantTransaction, due: datetime, *, lease_until: datetime) -> list[Silent]:
    rows = await tx.rows(
        "WITH due AS (SELECT id FROM message WHERE tenant_id = $1 AND ask_at <= $2 "
        "ORDER BY ask_at, id LIMIT $4 FOR UPDATE SKIP LOCKED) "
        "UPDATE message SET ask_at = $3 FROM due WHERE message.tenant_id = $1 AND message.id = due.id "
        "RETURNING message.id, provider_reference, coalesce(first_tried_at, created_at) AS handed_over_at",
        tx.tenant_id,
        due,
        lease_until,
        BATCH,
    )
    return [Silent(row["id"], row["provider_reference"], row["handed_over_at"]) for row in rows]


async def _listed(
    provider: MessageProvider, credentials: ProviderCredentials, silent: Sequence[Silent]
) -> dict[UUID, ProviderMessage | None]:
    """What a page of the log tells of them; those that left the provider later than they left us are not in it."""
    handed_over = [message.handed_over_at for message in silent]
    try:
        page = await provider.sent_between(credentials, min(handed_over) - _CLOCK_SKEW, max(handed_over) + _CLOCK_SKEW)
    except ProviderUnavailableError:
        return {}
    told = {message.reference: message for message in page}
    return {message.id: told[message.reference] for message in silent if message.reference in told}


async def _fetched(
    provider: MessageProvider, credentials: ProviderCredentials, silent: Sequence[Silent]
) -> dict[UUID, ProviderMessage | ProviderUnavailableError | None]:
    turn = asyncio.Semaphore(_AT_ONCE)

    async def ask(message: Silent) -> ProviderMessage | ProviderUnavailableError | None:
        async with turn:
            try:
                return await provider.fetch(credentials, message.reference)
            except ProviderUnavailableError as error:
                return error

    answers = await asyncio.gather(*(ask(message) for message in silent))
    return {message.id: answer for message, answer in zip(silent, answers, strict=True)}


async def _note(tx: TenantTransaction, found: dict[UUID, ProviderMessage | None], *, now: datetime) -> int:
    """Record what is news, say when to ask about the others again; how many got news."""
    # In the order of ids, as all who record: a callback may be applied meanwhile, and then its news is none here.
    rows = await tx.rows(
        "SELECT id, status, issue, asked, coalesce(first_tried_at, created_at) AS handed_over_at FROM message "
        "WHERE tenant_id = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR UPDATE",
        tx.tenant_id,
        sorted(found),
    )
    await tx.execute(
        "UPDATE message SET asked = asked + 1, ask_at = n.ask_at FROM unnest($2::uuid[], $3::timestamptz[]) "
        "AS n (id, ask_at) WHERE message.tenant_id = $1 AND message.id = n.id AND message.ask_at IS NOT NULL",
        tx.tenant_id,
        [row["id"] for row in rows],
        [next_question(row["asked"] + 1, handed_over_at=row["handed_over_at"], now=now) for row in rows],
    )
    news = []
    for row in rows:
        answer = found[row["id"]]
        before = Standing(MessageStatus(row["status"]), DeliveryIssueCode(row["issue"]) if row["issue"] else None)
        if answer is not None and before.after(Standing(answer.status, answer.issue)) != before:
            standing = Standing(answer.status, answer.issue)
            news.append(News(row["id"], standing, answer.status_at or now, EventSource.SWEEP, error=answer.error))
    await record(tx, news, now=now)
    return len(news)


async def _release(tx: TenantTransaction, ids: Sequence[UUID], due: datetime) -> None:
    """Those whose turn did not come are due as before."""
    await tx.execute(
        "WITH silent AS (SELECT id FROM message WHERE tenant_id = $1 AND id = ANY($2::uuid[]) "
        "AND ask_at IS NOT NULL ORDER BY id FOR UPDATE) "
        "UPDATE message SET ask_at = $3 FROM silent WHERE message.tenant_id = $1 AND message.id = silent.id",
        tx.tenant_id,
        list(ids),
        due,
    )
