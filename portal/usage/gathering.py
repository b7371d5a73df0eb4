"""Works syncs off: a few days at a time, and tenants in turn, so that a long sync keeps nobody waiting."""

from datetime import timedelta

import structlog

from portal.clock import Clock
from portal.database import Database
from portal.messages.provider import ProviderCredentials, ProviderUnavailableError
from portal.tenants.accounts import ProviderAccounts
from portal.usage.claiming import Claim, claim, due_tenants, get_on, give_back, put_off
from portal.usage.periods import Days
from portal.usage.provider import UsageRecords
from portal.usage.recording import record_usage
from portal.usage.syncing import UsageSyncFault

SLICE = timedelta(days=5)  # some 3,000 records: three requests, and what is read twice where a worker dies
TURN = 7  # slices, a month and more, after which others go first

log = structlog.get_logger(__name__)


class UsageSync:
    """Reads what the provider counted; any number of workers side by side, in one process or many."""

    def __init__(self, database: Database, records: UsageRecords, accounts: ProviderAccounts, clock: Clock) -> None:
        self._database = database
        self._records = records
        self._accounts = accounts
        self._clock = clock

    async def work_due(self) -> int:
        """Work until nothing is due, one tenant's turn after another's; how many turns those were."""
        turns = 0
        while (claimed := await self._take()) is not None:
            await self._work(claimed)
            turns += 1
        return turns

    async def _take(self) -> Claim | None:
        now = self._clock.now()
        for tenant_id in await due_tenants(self._database, now=now):
            async with self._database.for_tenant(tenant_id) as tx:
                claimed = await claim(tx, now=now)
            if claimed is not None:
                return claimed
        return None

    async def _work(self, claimed: Claim) -> None:
        for _ in range(TURN):
            further = await self._go_on(claimed)
            if further is None or not further.left.count:
                return
            claimed = further
        async with self._database.for_tenant(claimed.tenant_id) as tx:
            await give_back(tx, claimed, now=self._clock.now())

    async def _go_on(self, claimed: Claim) -> Claim | None:
        """The claim after one more slice; None where that failed and is put off, or another worker has taken over."""
        try:
            credentials = await self._accounts.credentials(claimed.tenant_id)
            if credentials is not None:
                return await self._read_slice(credentials, claimed)
            fault = UsageSyncFault.ACCOUNT_MISSING
        except ProviderUnavailableError:
            fault = UsageSyncFault.PROVIDER_UNAVAILABLE
        except Exception as error:
            log.exception("usage_not_synced", tenant_id=str(claimed.tenant_id), error=type(error).__name__)
            fault = UsageSyncFault.INTERNAL
        log.warning("usage_sync_put_off", tenant_id=str(claimed.tenant_id), fault=fault, attempts=claimed.attempts)
        async with self._database.for_tenant(claimed.tenant_id) as tx:
            await put_off(tx, claimed, fault, now=self._clock.now())
        return None

    async def _read_slice(self, credentials: ProviderCredentials, claimed: Claim) -> Claim | None:
        days = Days(claimed.left.first, min(claimed.left.first + SLICE, claimed.left.until))
        heard = [one async for one in self._records.daily(credentials, days.first, days.until)]
        as_of = min((one.as_of for one in heard), default=None)
        now = self._clock.now()
        async with self._database.for_tenant(claimed.tenant_id) as tx:
            further = await get_on(tx, claimed, days, as_of, now=now)
            if further is not None:
                await record_usage(tx, days, heard, now=now)
        return further
