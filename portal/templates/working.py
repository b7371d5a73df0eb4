"""Publishes and withdraws what CONTENT templates have at the provider; what fails is tried again, later and later.

The provider knows no idempotency key: whoever tries again looks first, by a name that one version alone has.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson
import structlog

from portal.clock import Clock
from portal.database import Database, DatabaseRole, TenantTransaction
from portal.messages.provider import ProviderCredentials, ProviderUnavailableError
from portal.templates.content import ContentState, NumberedText, numbered
from portal.templates.provider import ContentProvider, NotTaken, Published
from portal.templates.publishing import WITHDRAWN_AFTER
from portal.templates.rendering import TemplateVariable
from portal.tenants.accounts import ProviderAccounts

LEASE = timedelta(minutes=2)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)  # before it is tried again
_TENANTS = 200
_AT_ONCE = 5
_MOST_DOUBLINGS = 10
_DUE = (
    "SELECT tenant_id FROM template_content JOIN tenant ON tenant.id = tenant_id "
    "WHERE due_at <= $1 AND tenant.state = 'ACTIVE' GROUP BY tenant_id ORDER BY min(due_at) LIMIT $2"
)
_CLAIM = """
WITH claimed AS (
  UPDATE template_content SET due_at = $3, attempts = attempts + 1 WHERE tenant_id = $1 AND version_id = (
    SELECT version_id FROM template_content WHERE tenant_id = $1 AND due_at <= $2
    ORDER BY due_at, version_id LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING *)
SELECT claimed.version_id, claimed.state, claimed.attempts, claimed.provider_reference, version.body, version.variables,
  template.archived_at IS NULL AND template.version = version.number AS wanted,
  EXISTS (SELECT FROM message WHERE message.tenant_id = $1 AND template_version_id = version.id
    AND message.status IN ('SCHEDULED', 'QUEUED', 'SENDING', 'CONFIRMING')) AS waited_for
FROM claimed JOIN template_version AS version ON version.tenant_id = $1 AND version.id = version_id
JOIN template ON template.tenant_id = $1 AND template.id = version.template_id
"""
_FINISH = (
    "UPDATE template_content SET state = $4, state_at = CASE state WHEN $4 THEN state_at ELSE $5 END, "
    "provider_reference = $6, error = $7, due_at = $8, attempts = CASE state WHEN $4 THEN attempts ELSE 0 END "
    "WHERE tenant_id = $1 AND version_id = $2 AND due_at = $3"
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Task:
    """A version that this worker alone works at, until its lease ends."""

    version_id: UUID
    state: ContentState
    reference: str | None
    text: NumberedText
    wanted: bool
    waited_for: bool  # a message that has not left needs it
    attempts: int
    lease: datetime

    @property
    def name(self) -> str:
        """What it is found by at the provider."""
        return f"portal {self.version_id}"


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How a version stands now, and when to look at it again."""

    state: ContentState
    reference: str | None = None
    error: str | None = None
    due_at: datetime | None = None


class TemplatePublishing:
    """Works at what is due; any number of them work side by side, in one process or many."""

    def __init__(self, database: Database, provider: ContentProvider, accounts: ProviderAccounts, clock: Clock) -> None:
        self._database = database
        self._provider = provider
        self._accounts = accounts
        self._clock = clock

    async def work_due(self) -> int:
        """One version of every tenant that has something due; how many tenants that were."""
        async with self._database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
            due = [row["tenant_id"] for row in await tx.rows(_DUE, self._clock.now(), _TENANTS)]
        turn = asyncio.Semaphore(_AT_ONCE)

        async def work(tenant_id: UUID) -> None:
            async with turn:
                await self._work(tenant_id)

        await asyncio.gather(*(work(tenant_id) for tenant_id in due))
        return len(due)

    async def _work(self, tenant_id: UUID) -> None:
        try:
            async with self._database.for_tenant(tenant_id) as tx:
                task = await _claim(tx, now=self._clock.now())
            if task is None:
                return
            outcome = await self._attempt(tenant_id, task)
            async with self._database.for_tenant(tenant_id) as tx:
                await _finish(tx, task, outcome, now=self._clock.now())
        except Exception as error:  # the other tenants do not wait for it; when the lease ends it is tried again
            log.exception("template_not_published", tenant_id=str(tenant_id), error=type(error).__name__)

    async def _attempt(self, tenant_id: UUID, task: _Task) -> _Outcome:
        if not task.wanted and task.waited_for:
            return _Outcome(task.state, task.reference, due_at=self._clock.now() + WITHDRAWN_AFTER)
        try:
            credentials = await self._credentials(tenant_id)
            return await (self._publish if task.wanted else self._withdraw)(credentials, task)
        except ProviderUnavailableError as error:
            log.warning("template_waits", tenant_id=str(tenant_id), reason=str(error))
            pause = min(FIRST_PAUSE * (1 << min(task.attempts - 1, _MOST_DOUBLINGS)), LONGEST_PAUSE)
            return _Outcome(task.state, task.reference, due_at=self._clock.now() + pause)

    async def _credentials(self, tenant_id: UUID) -> ProviderCredentials:
        credentials = await self._accounts.credentials(tenant_id)
        if credentials is None:
            raise ProviderUnavailableError("it has no account at the provider")
        return credentials

    async def _publish(self, credentials: ProviderCredentials, task: _Task) -> _Outcome:
        if task.attempts > 1 and (found := await self._provider.find(credentials, task.name)) is not None:
            return _Outcome(ContentState.READY, found)
        match await self._provider.publish(credentials, task.name, task.text):
            case Published(reference):
                return _Outcome(ContentState.READY, reference)
            case NotTaken(error):
                return _Outcome(ContentState.FAILED, error=error)

    async def _withdraw(self, credentials: ProviderCredentials, task: _Task) -> _Outcome:
        reference = task.reference or await self._provider.find(credentials, task.name)
        if reference is not None:
            await self._provider.withdraw(credentials, reference)
        return _Outcome(ContentState.WITHDRAWN)


async def _claim(tx: TenantTransaction, *, now: datetime) -> _Task | None:
    lease = now + LEASE
    row = await tx.row(_CLAIM, tx.tenant_id, now, lease)
    if row is None:
        return None
    variables = [TemplateVariable(**variable) for variable in orjson.loads(row["variables"])]
    return _Task(
        version_id=row["version_id"],
        state=ContentState(row["state"]),
        reference=row["provider_reference"],
        text=numbered(row["body"], variables),
        wanted=row["wanted"],
        waited_for=row["waited_for"],
        attempts=row["attempts"],
        lease=lease,
    )


async def _finish(tx: TenantTransaction, task: _Task, outcome: _Outcome, *, now: datetime) -> None:
    """Write it down; nothing where the lease has ended, or the version was superseded meanwhile."""
    await tx.execute(
        _FINISH,
        *(tx.tenant_id, task.version_id, task.lease, outcome.state.value, now),
        *(outcome.reference, outcome.error, outcome.due_at),
    )
