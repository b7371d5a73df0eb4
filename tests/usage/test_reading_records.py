"""Syncs over the simulator: what the provider counted of a tenant is kept, as it was heard last, and of nobody else."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal

import pytest

from portal.tenants.accounts import ProviderAccounts
from portal.usage.claiming import LEASE, MOST_ATTEMPTS
from portal.usage.gathering import SLICE, TURN, UsageSync
from portal.usage.periods import Days
from portal.usage.syncing import UsageSyncFault, UsageSyncState
from tests.factories import make_tenant
from tests.product import Product, TenantUnderTest
from tests.usage.door import UsageDoor
from tests.usage.syncing import DAY, ask, kept, sync, syncing, syncs, tell, use
from tests.waiting import until
from twilio_gateway.http import PortalTwilioHttp
from twilio_gateway.patience import Patience
from twilio_gateway.usage_records import TwilioUsageRecords

D = Decimal


@pytest.fixture
async def tenant(product: Product) -> TenantUnderTest:
    return await product.tenant()


@pytest.fixture
def first(product: Product) -> date:
    """A day forty days ago: nothing happened since but what a test tells."""
    return product.clock.now().date() - timedelta(days=40)


async def test_each_day_s_categories_and_total_are_kept_and_the_sync_is_done(
    product: Product, tenant: TenantUnderTest, door: UsageDoor, first: date
) -> None:
    await use(product, tenant, first, "sms-outbound", 3, "0.0249")
    await use(product, tenant, first + 6 * DAY, "lookups", 2, "0.01")
    key = await ask(product, tenant.id, first, first + 8 * DAY)
    assert await syncing(product).work_due() == 1
    found = await kept(product, tenant.id)
    assert {day: price for (day, category), (_, price) in found.items() if category == "totalprice"} == {
        first + number * DAY: {0: D("0.0249"), 6: D("0.01")}.get(number, D(0)) for number in range(8)
    }
    assert found[first, "sms-outbound"] == found[first, "sms"] == (3, D("0.0249"))
    assert found[first + 6 * DAY, "lookups"] == (2, D("0.01"))
    assert {category for _, category in found} == {
        "totalprice",
        "sms",
        "sms-outbound",
        "sms-outbound-longcode",
        "lookups",
    }
    [done] = await syncs(product, tenant.id)
    assert (done.id, done.state, done.days, done.days_done) == (key, "DONE", Days(first, first + 8 * DAY), 8)
    assert (done.fault, done.finished_at) == (None, product.clock.now())
    assert done.as_of is not None
    assert abs(done.as_of - product.clock.now()) < timedelta(minutes=2)
    slices = [(first, first + 4 * DAY), (first + 5 * DAY, first + 7 * DAY)]
    assert door.days_of(tenant.account_sid) == [(str(begins), str(ends)) for begins, ends in slices]
    assert await syncing(product).work_due() == 0


async def test_a_tenant_s_sync_reads_its_own_account_alone_and_writes_its_own_rows_alone(
    product: Product, tenant: TenantUnderTest, door: UsageDoor, first: date
) -> None:
    other = await product.tenant("Freestyle Falcons")
    await use(product, tenant, first, "sms-outbound", 3, "0.0249")
    await use(product, other, first, "sms-outbound", 7, "0.0581")
    await sync(product, tenant, first, first + DAY)
    assert (await kept(product, tenant.id))[first, "totalprice"][1] == D("0.0249")
    assert await kept(product, other.id) == {}
    assert door.days_of(other.account_sid) == []
    assert await syncs(product, other.id) == []


async def test_what_the_provider_writes_late_is_there_after_the_next_sync(
    product: Product, tenant: TenantUnderTest, first: date
) -> None:
    await use(product, tenant, first, "calls-inbound", 1, "0.0085")
    await sync(product, tenant, first, first + DAY)
    await use(product, tenant, first, "calls-inbound", 2, "0.017")
    assert (await kept(product, tenant.id))[first, "calls-inbound"] == (1, D("0.0085"))
    await sync(product, tenant, first, first + DAY)
    found = await kept(product, tenant.id)
    assert found[first, "calls-inbound"] == (3, D("0.0255"))
    assert found[first, "totalprice"][1] == D("0.0255")


async def test_a_category_that_is_left_out_of_a_later_answer_has_nothing(
    product: Product, tenant: TenantUnderTest, first: date
) -> None:
    await use(product, tenant, first, "lookups", 2, "0.01")
    await use(product, tenant, first, "calls-inbound", 1, "0.0085")
    await sync(product, tenant, first, first + DAY)
    await use(product, tenant, first, "lookups", -2, "-0.01")
    await sync(product, tenant, first, first + DAY)
    assert await kept(product, tenant.id) == {
        (first, "lookups"): (0, D(0)),
        (first, "calls-inbound"): (1, D("0.0085")),
        (first, "calls"): (1, D("0.0085")),
        (first, "totalprice"): (0, D("0.0085")),
    }


async def test_an_answer_as_of_an_earlier_instant_changes_nothing(
    product: Product, tenant: TenantUnderTest, first: date
) -> None:
    await use(product, tenant, first, "lookups", 2, "0.01")
    await sync(product, tenant, first, first + DAY)
    await use(product, tenant, first, "lookups", -2, "-0.01")
    await use(product, tenant, first, "calls-inbound", 1, "0.0085")
    before = await kept(product, tenant.id)
    try:
        await tell(product, "usage/lag", {"seconds": 7200})
        await sync(product, tenant, first, first + DAY)
    finally:
        await tell(product, "usage/lag", {"seconds": 0})
    later = await kept(product, tenant.id)
    assert {key: later[key] for key in before} == before  # what was heard as of later stays, and is not put to nothing
    last, earlier = await syncs(product, tenant.id)
    assert last.as_of is not None
    assert earlier.as_of is not None
    assert earlier.as_of - last.as_of > timedelta(hours=1)
    await sync(product, tenant, first, first + DAY)
    assert (await kept(product, tenant.id))[first, "lookups"] == (0, D(0))


async def test_a_sync_that_a_worker_died_over_goes_on_elsewhere_where_it_was_once_the_lease_is_over(
    product: Product, tenant: TenantUnderTest, door: UsageDoor, first: date
) -> None:
    slices = [(str(first + number * SLICE), str(first + (number + 1) * SLICE - DAY)) for number in range(3)]
    await ask(product, tenant.id, first, first + 3 * SLICE)
    released = door.hold(tenant.account_sid, request=2)
    worker = asyncio.create_task(syncing(product).work_due())
    await until(lambda: len(door.days_of(tenant.account_sid)) == 2)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    released.set()
    [left] = await syncs(product, tenant.id)
    assert (left.state, left.days_done) == (UsageSyncState.RUNNING, SLICE.days)
    assert await syncing(product).work_due() == 0  # the other may be alive still
    product.clock.advance(LEASE)
    assert await syncing(product).work_due() == 1
    [done] = await syncs(product, tenant.id)
    assert (done.state, done.days_done) == (UsageSyncState.DONE, 3 * SLICE.days)
    assert door.days_of(tenant.account_sid) == [*slices[:2], *slices[1:]]


async def test_whoever_is_slower_than_its_lease_writes_nothing(
    product: Product, tenant: TenantUnderTest, door: UsageDoor, first: date
) -> None:
    await ask(product, tenant.id, first, first + DAY)
    released = door.hold(tenant.account_sid)
    slow = asyncio.create_task(syncing(product).work_due())
    await until(lambda: tenant.account_sid not in door.held)
    product.clock.advance(LEASE)
    await use(product, tenant, first, "lookups", 2, "0.01")
    assert await syncing(product).work_due() == 1
    [done] = await syncs(product, tenant.id)
    before = await kept(product, tenant.id)
    released.set()
    await slow
    assert await syncs(product, tenant.id) == [done]
    assert (done.state, done.days_done) == (UsageSyncState.DONE, 1)
    assert await kept(product, tenant.id) == before


async def test_many_workers_at_once_read_each_slice_once_and_one_sync_of_a_tenant_at_a_time(
    product: Product, door: UsageDoor, first: date
) -> None:
    tenants = [await product.tenant(f"Tenant {number}") for number in range(4)]
    for tenant in tenants:
        await ask(product, tenant.id, first, first + 2 * SLICE)
        product.clock.advance(timedelta(seconds=1))
        await ask(product, tenant.id, first + 2 * SLICE, first + 4 * SLICE)
    while sum(await asyncio.gather(*(syncing(product).work_due() for _ in range(3)))):
        pass
    slices = [(str(first + number * SLICE), str(first + (number + 1) * SLICE - DAY)) for number in range(4)]
    for tenant in tenants:
        assert door.days_of(tenant.account_sid) == slices
        assert {one.state for one in await syncs(product, tenant.id)} == {UsageSyncState.DONE}


async def test_a_long_sync_lets_others_go_first_after_its_turn(
    product: Product, tenant: TenantUnderTest, door: UsageDoor
) -> None:
    other = await product.tenant("Freestyle Falcons")
    begins = product.clock.now().date() - timedelta(days=100)
    await ask(product, tenant.id, begins, begins + (TURN + 2) * SLICE)
    product.clock.advance(timedelta(seconds=1))
    await ask(product, other.id, begins, begins + DAY)
    product.clock.advance(timedelta(seconds=1))
    assert await syncing(product).work_due() == 3
    accounts = [account for account, _, _ in door.asked if account in {tenant.account_sid, other.account_sid}]
    assert accounts == [*[tenant.account_sid] * TURN, other.account_sid, *[tenant.account_sid] * 2]


@pytest.fixture
async def plain(product: Product) -> AsyncIterator[UsageSync]:
    """A worker's part whose gateway asks once for each page, so that a refusal is the sync's to bear."""
    accounts = ProviderAccounts(product.database, product.box, product.clock)
    async with PortalTwilioHttp(api_base=product.settings.simulator_url, timeout=timedelta(seconds=20)) as http:
        records = TwilioUsageRecords(http, Patience(tries=1, longest_wait=0))
        yield UsageSync(product.database, records, accounts, product.clock)


@pytest.mark.parametrize("status", [429, 500, 401])
async def test_a_provider_that_does_not_answer_is_asked_again_later_from_where_it_stopped(
    status: int, product: Product, tenant: TenantUnderTest, door: UsageDoor, first: date, plain: UsageSync
) -> None:
    await use(product, tenant, first, "lookups", 2, "0.01")
    await ask(product, tenant.id, first, first + SLICE + DAY)
    door.refusals[tenant.account_sid].append(status)
    assert await plain.work_due() == 1
    [waiting] = await syncs(product, tenant.id)
    assert (waiting.state, waiting.fault) == (UsageSyncState.WAITING, UsageSyncFault.PROVIDER_UNAVAILABLE)
    assert waiting.days_done == 0
    assert waiting.finished_at is None
    assert await kept(product, tenant.id) == {}
    product.clock.advance(timedelta(seconds=119))
    assert await plain.work_due() == 0
    product.clock.advance(timedelta(seconds=1))
    assert await plain.work_due() == 1
    [done] = await syncs(product, tenant.id)
    assert (done.state, done.fault, done.days_done) == (UsageSyncState.DONE, None, 6)
    assert (await kept(product, tenant.id))[first, "lookups"] == (2, D("0.01"))


async def test_a_provider_that_stays_away_is_given_up_and_what_was_read_is_kept(
    product: Product, tenant: TenantUnderTest, door: UsageDoor, first: date, plain: UsageSync
) -> None:
    await use(product, tenant, first, "lookups", 2, "0.01")
    await ask(product, tenant.id, first, first + 2 * SLICE)
    door.refusals[tenant.account_sid].extend([200] + [503] * 2 * MOST_ATTEMPTS)
    tries = 0
    for _ in range(2 * MOST_ATTEMPTS):
        tries += await plain.work_due()
        product.clock.advance(timedelta(hours=1))
    door.refusals[tenant.account_sid].clear()
    assert tries == MOST_ATTEMPTS + 1
    [failed] = await syncs(product, tenant.id)
    assert (failed.state, failed.fault) == (UsageSyncState.FAILED, UsageSyncFault.PROVIDER_UNAVAILABLE)
    assert failed.days_done == SLICE.days
    assert failed.finished_at is not None
    assert (await kept(product, tenant.id))[first, "lookups"] == (2, D("0.01"))


async def test_a_tenant_without_an_account_is_told_so_at_once(product: Product, first: date) -> None:
    tenant_id = await make_tenant(product.database, product.clock)
    await ask(product, tenant_id, first, first + DAY)
    assert await syncing(product).work_due() == 1
    [failed] = await syncs(product, tenant_id)
    assert (failed.state, failed.fault) == (UsageSyncState.FAILED, UsageSyncFault.ACCOUNT_MISSING)
    assert failed.days_done == 0
