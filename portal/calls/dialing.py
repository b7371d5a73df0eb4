"""Handing calls to the provider, once; and asking what became of those that nothing was heard of. Never made twice.

A call whose hand-over got no answer is found by the callback that names it, or in the provider's log by who calls
whom and when, less the calls that are known. As many found as looked for: they are these. None after the grace
period: it was never taken, and is made again. Anything else is ambiguous, and that is never made again.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from portal.calls.provider import CallOutcome, CallProvider, Made, OutgoingCall
from portal.calls.recording import ASK_AFTER, end_unmade, lock_calls, news_of, record_calls
from portal.calls.speech import Speech, SpeechLanguage
from portal.calls.status import CallIssueCode, CallStatus
from portal.clock import Clock
from portal.database import Database, DatabaseRole, TenantTransaction
from portal.database.connection import Row
from portal.messages.provider import ProviderCredentials, ProviderUnavailableError, Refused, Throttled
from portal.tenants.accounts import ProviderAccounts

LEASE = timedelta(minutes=2)
CONFIRM_AFTER = timedelta(seconds=5)
GRACE = timedelta(minutes=1)
EXPIRES_AFTER = timedelta(hours=1)  # what was to be said then may be wrong by now
_CLOCK_SKEW = timedelta(minutes=1)
_ASKED_FOR = timedelta(days=1)  # no call takes longer
_FIRST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(minutes=5)
_REST = timedelta(seconds=30)
_BATCH = 20
_TENANTS = 20

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Due:
    """A call that this worker alone works on, until its lease ends."""

    id: UUID
    reference: str | None
    is_forward: bool
    is_handed_over: bool
    is_unwanted: bool
    recipient: str
    sender: str
    speech: Speech | None
    seconds: int
    tried_at: datetime
    created_at: datetime
    attempts: int


class Dialer:
    """Works off the calls that are due; any number of them work side by side, in one process or many."""

    def __init__(
        self,
        database: Database,
        provider: CallProvider,
        accounts: ProviderAccounts,
        clock: Clock,
        callback_url: Callable[[UUID, UUID], str],
    ) -> None:
        self._database = database
        self._provider = provider
        self._accounts = accounts
        self._clock = clock
        self._callback_url = callback_url

    async def work_due(self) -> int:
        """Work on what is due of every tenant; how many tenants that were."""
        async with self._database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
            rows = await tx.rows(
                "SELECT call.tenant_id FROM call JOIN tenant ON tenant.id = call.tenant_id "
                "WHERE call.due_at <= $1 AND tenant.state = 'ACTIVE' "
                "GROUP BY call.tenant_id ORDER BY min(call.due_at) LIMIT $2",
                self._clock.now(),
                _TENANTS,
            )
        await asyncio.gather(*(self._serve(row["tenant_id"]) for row in rows))
        return len(rows)

    async def _serve(self, tenant_id: UUID) -> None:
        try:
            credentials = await self._accounts.credentials(tenant_id)
            async with self._database.for_tenant(tenant_id) as tx:
                due = await _claim(tx, self._clock.now(), LEASE if credentials else _REST)
            if credentials is not None:
                await asyncio.gather(*(self._work(tenant_id, credentials, call) for call in due))
        except Exception as error:  # its calls come back when their lease ends
            log.exception("calls_not_worked_on", tenant_id=str(tenant_id), error=type(error).__name__)

    async def _work(self, tenant_id: UUID, credentials: ProviderCredentials, call: _Due) -> None:
        if call.reference is not None:
            await self._ask(tenant_id, credentials, call, call.reference)
        elif call.is_handed_over:
            await self._confirm(tenant_id, credentials, call)
        elif call.is_forward:
            await self._end(tenant_id, call, CallStatus.CANCELED, None)
        elif call.is_unwanted:
            await self._end(tenant_id, call, CallStatus.CANCELED, CallIssueCode.OPTED_OUT)
        elif self._clock.now() - call.created_at > EXPIRES_AFTER:
            await self._end(tenant_id, call, CallStatus.FAILED, CallIssueCode.EXPIRED)
        elif call.speech is not None:
            outgoing = OutgoingCall(
                call.recipient, call.sender, call.speech, call.seconds, self._callback_url(tenant_id, call.id)
            )
            await self._note(tenant_id, call, await self._provider.make(credentials, outgoing))

    async def _note(self, tenant_id: UUID, call: _Due, outcome: CallOutcome) -> None:
        now = self._clock.now()
        async with self._database.for_tenant(tenant_id) as tx:
            if isinstance(outcome, Made):
                await record_calls(tx, [news_of(outcome.report, now, call.id)], now=now)
            elif isinstance(outcome, Refused):
                issues = {call.id: CallIssueCode.PROVIDER_REFUSED}
                await end_unmade(tx, issues, CallStatus.FAILED, now=now)
            elif isinstance(outcome, Throttled):
                pause = max(_pause(call.attempts), outcome.retry_after or timedelta())
                await _look_again(tx, call.id, now + pause, tried_at=None)
            else:
                await _look_again(tx, call.id, now + CONFIRM_AFTER, tried_at=call.tried_at)

    async def _confirm(self, tenant_id: UUID, credentials: ProviderCredentials, call: _Due) -> None:
        try:
            since = call.tried_at - _CLOCK_SKEW
            listed = await self._provider.made(credentials, call.recipient, call.sender, since=since)
        except ProviderUnavailableError:
            listed = None
        now = self._clock.now()
        async with self._database.for_tenant(tenant_id) as tx:
            await lock_calls(tx)
            sought = await _unconfirmed(tx, call)
            if call.id not in sought:
                return  # a callback named it meanwhile
            known = await _known(tx, [report.reference for report in listed or ()])
            free = [report for report in listed or () if report.reference not in known]
            if listed is None or (len(free) < len(sought) and now - call.tried_at < GRACE):
                await _look_again(tx, call.id, now + CONFIRM_AFTER, tried_at=call.tried_at)
            elif len(free) == len(sought):
                news = [news_of(report, now, call_id) for report, call_id in zip(free, sought, strict=True)]
                await record_calls(tx, news, now=now)
            elif not free:
                await _look_again(tx, call.id, now, tried_at=None)
            else:
                await end_unmade(tx, {call.id: CallIssueCode.UNCONFIRMED}, CallStatus.FAILED, now=now)

    async def _ask(self, tenant_id: UUID, credentials: ProviderCredentials, call: _Due, reference: str) -> None:
        now = self._clock.now()
        try:
            report = await self._provider.fetch(credentials, reference)
        except ProviderUnavailableError:
            report = None
        async with self._database.for_tenant(tenant_id) as tx:
            if now - call.created_at < _ASKED_FOR:
                await _look_again(tx, call.id, now + ASK_AFTER, tried_at=call.tried_at)
            else:
                await _look_again(tx, call.id, None, tried_at=call.tried_at)
            if report is not None:
                await record_calls(tx, [news_of(report, now)], now=now)

    async def _end(self, tenant_id: UUID, call: _Due, status: CallStatus, issue: CallIssueCode | None) -> None:
        async with self._database.for_tenant(tenant_id) as tx:
            await end_unmade(tx, {call.id: issue}, status, now=self._clock.now())


async def _claim(tx: TenantTransaction, now: datetime, lease: timedelta) -> list[_Due]:
    rows = await tx.rows(
        "WITH due AS (SELECT id, tried_at FROM call WHERE tenant_id = $1 AND due_at <= $2 ORDER BY due_at, id "
        "LIMIT $4 FOR UPDATE SKIP LOCKED) "
        "UPDATE call SET due_at = $3, attempts = attempts + 1, "
        "tried_at = CASE WHEN parent_id IS NULL THEN coalesce(call.tried_at, $2) END FROM due "
        "WHERE call.tenant_id = $1 AND call.id = due.id "
        "RETURNING call.*, due.tried_at IS NOT NULL AS handed_over, parent_id IS NULL AND EXISTS (SELECT "
        "FROM suppression WHERE suppression.tenant_id = $1 AND suppression.number = recipient_number) AS unwanted",
        tx.tenant_id,
        now,
        now + lease,
        _BATCH,
    )
    return [_due(row, now) for row in rows]


def _due(row: Row, now: datetime) -> _Due:
    speech = None
    if row["announcement"] is not None:
        speech = Speech(row["announcement"], SpeechLanguage(row["language"]))
    return _Due(
        id=row["id"],
        reference=row["provider_reference"],
        is_forward=row["parent_id"] is not None,
        is_handed_over=row["handed_over"],
        is_unwanted=row["unwanted"],
        recipient=row["recipient_number"],
        sender=row["sender_number"],
        speech=speech,
        seconds=row["most_seconds"] or 0,
        tried_at=row["tried_at"] or now,
        created_at=row["created_at"],
        attempts=row["attempts"],
    )


async def _look_again(
    tx: TenantTransaction, call_id: UUID, due_at: datetime | None, *, tried_at: datetime | None
) -> None:
    await tx.execute(
        "UPDATE call SET due_at = $3, tried_at = $4 WHERE tenant_id = $1 AND id = $2 AND due_at IS NOT NULL",
        *(tx.tenant_id, call_id, due_at, tried_at),
    )


async def _unconfirmed(tx: TenantTransaction, call: _Due) -> list[UUID]:
    """The calls between the same two of which nobody can say whether they were made, the oldest first."""
    rows = await tx.rows(
        "SELECT id FROM call WHERE tenant_id = $1 AND recipient_number = $2 AND sender_number = $3 "
        "AND provider_reference IS NULL AND tried_at IS NOT NULL AND due_at IS NOT NULL ORDER BY tried_at, id",
        tx.tenant_id,
        call.recipient,
        call.sender,
    )
    return [row["id"] for row in rows]


async def _known(tx: TenantTransaction, references: Sequence[str]) -> set[str]:
    sql = "SELECT provider_reference FROM call WHERE tenant_id = $1 AND provider_reference = ANY($2::text[])"
    return {row["provider_reference"] for row in await tx.rows(sql, tx.tenant_id, list(references))}


def _pause(attempts: int) -> timedelta:
    """Exponential with full jitter, so that throttled callers do not come back in step."""
    ceiling = min(_LONGEST_PAUSE, _FIRST_PAUSE * (1 << min(attempts, 10)))
    return ceiling * random.random()  # noqa: S311  jitter, no secret
