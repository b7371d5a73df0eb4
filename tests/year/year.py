"""Plays a span of months and proves it: the short one in the tests, the year in `make bench-year`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil

from portal.database.address import DatabaseAddress
from portal.database.migrate import create_partitions
from tests.year.accepting import Account, midnight, month_after
from tests.year.billing import bill, of_each, settle
from tests.year.comparing import compare
from tests.year.lives import lives
from tests.year.living import Tenant
from tests.year.proving import (
    Invoice,
    check_bill,
    check_by_command,
    check_credit_notes,
    check_ledgers,
    check_lines,
    check_numbers,
    owed,
    read_invoices,
)
from tests.year.shelf import EUROS, PRICES
from tests.year.world import World, world

Say = Callable[[str], None]
_SAMPLED = 500  # one bill in so many is verified by the command as well
_SHOWS_ALL = timedelta(days=100)


@dataclass(frozen=True, slots=True)
class Proven:
    """What was proven."""

    tenants: int
    invoices: int
    messages: int
    unexplained: int  # cents

    def __str__(self) -> str:
        return f"{self.tenants} tenants, {self.invoices} invoices, {self.unexplained} cents unexplained"


@dataclass
class Year:
    """Some months of many tenants."""

    world: World
    tenants: list[Tenant]
    first: date
    until: date
    say: Say
    proven: int = 0  # invoices so far
    unexplained: int = 0
    given_back: Decimal = Decimal(0)

    async def play(self) -> None:
        """Play month by month; a second rate card comes in the middle."""
        await create_partitions(self.world.database, midnight(self.first))
        await self.world.publish_card(0)
        await self.world.publish_plans()
        month, months = self.first, 0
        while month < self.until:
            until = month_after(month)
            if months == 6:
                await self._change_card()
            await self._live(month, until)
            await bill(self.world, self.there, month, until)
            await self._prove(month)
            self.given_back += await settle(self.world, month)
            await self._prove(month)
            so_far = f"{len(self.there)} tenants, {self.proven} invoices, {self.unexplained} cents unexplained"
            self.say(f"{month:%B %Y}: {so_far}")
            month, months = until, months + 1

    @property
    def there(self) -> list[Tenant]:
        """Those who have signed up."""
        return [tenant for tenant in self.tenants if tenant.account.holdings]

    async def _change_card(self) -> None:
        await self.world.publish_card(1)
        for tenant in self.tenants:
            tenant.account.prices = {country: Fraction(price) for country, price in PRICES[1].items()}
            tenant.account.euros = Fraction(EUROS[1])

    async def _live(self, month: date, until: date) -> None:
        for tenant in sorted(self.tenants, key=lambda tenant: tenant.life.signs_up):
            if month <= tenant.life.signs_up < until:
                comes = midnight(tenant.life.signs_up) + timedelta(hours=7)
                self.world.clock.turn_to(max(self.world.clock.now(), comes))
                await tenant.sign_up()
        await of_each(self.there, lambda tenant: tenant.live(month, until))

    async def _prove(self, month: date) -> None:
        invoices = await read_invoices(self.world)
        check_numbers(invoices)
        by_id = {tenant.id: tenant for tenant in self.there}
        for invoice in invoices[self.proven :]:
            check_lines(invoice)
            await check_bill(self.world, invoice)
            tenant = by_id[invoice.tenant_id]
            is_first = month == self.first
            expected = owed(tenant, invoice.month, invoice.currency, invoice.issued_at, is_first=is_first)
            difference = int(invoice.total * 100) - (expected or 0)
            if difference:
                about = f"{invoice.number} of tenant {tenant.life.number} for {invoice.month}"
                self.say(f"{about}: {invoice.total} {invoice.currency}, and not {expected} cents")
            self.unexplained += abs(difference)
            if tenant.ledger.goes_by_cost(invoice.month, invoice.currency):
                last = month_after(invoice.month) - timedelta(days=1)
                assert tenant.ledger.read_until(last, invoice.issued_at) is not None, invoice.number
        self.proven = len(invoices)
        self._check_none_missing(month, invoices)

    def _check_none_missing(self, month: date, invoices: Sequence[Invoice]) -> None:
        """Whoever owes something has an invoice, and nobody else; what they say is what the next one goes by."""
        now = self.world.clock.now()
        for tenant in self.there:
            of_month = [one for one in invoices if (one.tenant_id, one.month) == (tenant.id, month)]
            own = {one.currency: one for one in of_month if one.state != "VOID"}
            for currency in ("USD", "EUR"):
                at = own[currency].issued_at if currency in own else now
                is_first = month == self.first
                expected = owed(tenant, month, currency, at, is_first=is_first)
                if (expected is None) is (currency in own):
                    self.say(f"tenant {tenant.life.number} for {month}: {expected} {currency}")
                    self.unexplained += abs(expected or 0) or 1
                if currency in own:
                    tenant.ledger.take(month, currency, at)


async def play(address: DatabaseAddress, seed: int, tenants: int, first: date, until: date, say: Say) -> Proven:
    """Play it all; whatever does not hold is raised, but for money that cannot be explained, which is counted."""
    async with world(address, midnight(first)) as made:
        prices = {country: Fraction(price) for country, price in PRICES[0].items()}
        own = [Tenant(made, life, Account(prices, Fraction(EUROS[0]))) for life in lives(seed, tenants, first, until)]
        year = Year(made, own, first, until, say)
        await year.play()
        await of_each(year.there, lambda tenant: check_ledgers(made, tenant))
        await check_credit_notes(made, year.given_back)
        await check_by_command(made, (await read_invoices(made))[::_SAMPLED])
        made.clock.advance(_SHOWS_ALL)
        comparison = await compare(made, year.there, first, until)
        say(f"{comparison}")
        unexplained = year.unexplained + ceil(comparison.unexplained * 100)
        messages = sum(charged.count for tenant in own for charged in tenant.account.sent.values())
    return Proven(tenants, year.proven, messages, unexplained)
