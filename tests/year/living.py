"""Lives a tenant's days: by the portal's own use cases, told to the provider, and to the second account."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from portal.actor import Actor, ActorKind
from portal.credits.paying import mark_paid, set_credit_limit
from portal.credits.purchasing import purchase
from portal.database import DatabaseRole
from portal.messages.addressees import Recipients
from portal.messages.canceling import cancel_batch
from portal.messages.composing import Composition
from portal.messages.issues import DeliveryIssueCode
from portal.messages.recording import EventSource, News, record
from portal.messages.sending import OnRefusal, SendRequest, send
from portal.messages.status import MessageStatus, Standing
from portal.plans.assigning import assign_plan
from portal.plans.changing import ChangeRequest, cancel_change, change_plan
from portal.plans.plans import PlanRow
from portal.plans.previewing import preview_change
from portal.plans.spend import set_spend_cap
from portal.problems import RefusedError
from tests.year.accepting import Account, Lot, Waiting, is_upgrade, midnight, month_after
from tests.year.lives import LAST_MINUTE, TEXTS, Day, Fate, Life, PlanStep, Sending, number_of
from tests.year.owing import Ledger, Told
from tests.year.world import OPERATOR, World

SHOP = Actor(ActorKind.API_CLIENT, UUID(int=7), "Shop system")
NUMBER_PRICE = Decimal("1.15")
_STANDINGS = {
    Fate.SENT: Standing(MessageStatus.SENT),
    Fate.UNDELIVERED: Standing(MessageStatus.UNDELIVERED, DeliveryIssueCode.UNKNOWN),
    Fate.NEVER_LEFT: Standing(MessageStatus.FAILED, DeliveryIssueCode.UNKNOWN),
}
_DAY = timedelta(days=1)


@dataclass
class Tenant:
    """One that lives in a world."""

    world: World
    life: Life
    account: Account
    ledger: Ledger = field(init=False)
    id: UUID = field(init=False)
    account_sid: str = field(init=False)
    told_until: date = field(init=False)
    unpaid_in: str | None = None  # the currency in which it may use credits before they are paid

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.account)

    async def sign_up(self) -> None:
        """Sign up, now; some set a cap to their spending, some may use credits before they are paid."""
        now, chance = self.world.clock.now(), self.life.chance("sign-up")
        plan = self.life.number % len(self.world.plans)
        chosen = self.world.plans[plan]
        self.id, self.account_sid = await self.world.sign_up(f"tenant-{self.life.number}", chosen)
        self.account.hold(plan, chosen.terms, chosen.countries, now, now)
        self.told_until = self.life.signs_up
        if chance.random() < 0.25:
            cap = Decimal(chance.choice((1, 3, 10)))
            async with self.world.database.for_tenant(self.id) as tx:
                await set_spend_cap(tx, cap, SHOP, now=now)
            self.account.cap = (Fraction(cap), chosen.terms.currency)
        if self.life.number % 2:
            async with self.world.database.as_role(DatabaseRole.OPERATOR) as across:
                self.unpaid_in = await set_credit_limit(across, self.id, Decimal(1_000_000), now=now)

    async def live(self, first: date, until: date) -> None:
        """Live these days; whoever leaves does so just after midnight."""
        day = max(first, self.life.signs_up)
        while day < min(until, self.life.leaves or until):
            await self._live(self.life.day(day))
            day += _DAY
        if self.life.leaves is not None and first < self.life.leaves <= until:
            await self._leave(midnight(self.life.leaves) + timedelta(minutes=10))

    async def _leave(self, now: datetime) -> None:
        self.ledger.closed_at = now
        async with self.world.database.as_role(DatabaseRole.OPERATOR) as tx:
            await tx.execute("UPDATE tenant SET state = 'CLOSED', closed_at = $2 WHERE id = $1", self.id, now)

    async def _live(self, day: Day) -> None:
        start = midnight(day.day)
        if day.plan_step is not None and day.day > self.life.signs_up:
            await self._step(day.plan_step, start + timedelta(minutes=465))
        if day.buys_credits:
            await self._buy(start + timedelta(minutes=470))
        after_midnight = []
        for place, sending in enumerate(day.sendings):
            now = start + timedelta(minutes=sending.minute, seconds=place)
            batch_id, accepted = await self._send(sending, f"{day.day} {place}", now)
            if sending.canceled and any(accepted):
                await self._cancel(batch_id, accepted, now + timedelta(seconds=10))
            elif sending.minute == LAST_MINUTE:
                after_midnight.append((sending, batch_id, accepted))
            else:
                await self._hand_over(sending, batch_id, accepted, now + timedelta(minutes=1))
        for late in after_midnight:
            await self._hand_over(*late, start + _DAY + timedelta(minutes=5))

    async def _send(self, sending: Sending, key: str, now: datetime) -> tuple[UUID, list[Waiting | None]]:
        text, segments = TEXTS[sending.text]
        people = [number_of(person) for person in sending.people]
        composition = Composition(Recipients(numbers=tuple(number for number, _ in people)), None, text, {})
        async with self.world.database.for_tenant(self.id) as tx:
            request = SendRequest(key, composition, OnRefusal.SEND_REST)
            sent = await send(tx, request, SHOP, now=now)
        return sent.batch_id, self.account.accept([(country, segments) for _, country in people], now)

    async def _messages(self, batch_id: UUID) -> dict[str, UUID]:
        async with self.world.database.for_tenant(self.id, read_only=True) as tx:
            sql = "SELECT recipient_number, id FROM message WHERE tenant_id = $1 AND batch_id = $2 ORDER BY id"
            return {row["recipient_number"]: row["id"] for row in await tx.rows(sql, self.id, batch_id)}

    async def _hand_over(self, sending: Sending, batch_id: UUID, accepted: list[Waiting | None], now: datetime) -> None:
        """Whoever got a message by the one account got it by the other; then both hear what becomes of each."""
        messages = await self._messages(batch_id)
        expected = [number_of(person)[0] for person, one in zip(sending.people, accepted, strict=True) if one]
        assert list(messages) == expected, (self.life.number, now)
        news, settled = [], []
        for person, fate, waiting in zip(sending.people, sending.fates, accepted, strict=True):
            if waiting is not None:
                message_id, left = messages[number_of(person)[0]], fate is not Fate.NEVER_LEFT
                reference = f"SM{message_id.hex}" if left else None
                source = EventSource.PROVIDER_ANSWER
                news.append(News(message_id, _STANDINGS[fate], now, source, reference, left=left))
                settled.append((waiting, left))
        async with self.world.database.for_tenant(self.id) as tx:
            await record(tx, news, now=now)
        self.account.settle(settled, now)

    async def _cancel(self, batch_id: UUID, accepted: list[Waiting | None], now: datetime) -> None:
        async with self.world.database.for_tenant(self.id) as tx:
            await cancel_batch(tx, batch_id, now=now)
        self.account.settle([(one, False) for one in accepted if one], now)

    async def _buy(self, now: datetime) -> None:
        """Buy a pack; who may not use it unpaid pays for it a minute later."""
        terms = self.account.held(now).terms
        if not terms.packs:
            return
        pack = self.life.chance(now).choice(terms.packs)
        async with self.world.database.for_tenant(self.id) as tx:
            bought = await purchase(tx, f"{now}", pack.credits, SHOP, now=now)
        lot = Lot(terms.unit, pack.units, pack.valid_days, now)
        if self.unpaid_in != terms.currency:
            lot.usable_at = now + timedelta(minutes=1)
            async with self.world.database.as_role(DatabaseRole.OPERATOR) as across:
                await mark_paid(across, bought.lot_id, f"bank {now}", now=lot.usable_at)
        self.account.lots.append(lot)
        self.ledger.bought.append((now, terms.currency, pack.price))

    async def _step(self, step: PlanStep, now: datetime) -> None:
        place = self.life.chance(now).randrange(len(self.world.plans))
        plan, account = self.world.plans[place], self.account
        current = account.held(now)
        match step:
            case PlanStep.CHANGE if current.plan != place:
                begins = now if is_upgrade(current.terms, plan.terms) else midnight(month_after(now.date()))
                await self._change(plan, begins, now)
                account.hold(place, plan.terms, plan.countries, begins, now)
            case PlanStep.CANCEL:
                assert await self._take_back(now) is account.take_back(now)
            case PlanStep.ASSIGN if current.plan != place:
                async with self.world.database.for_tenant(self.id) as tx:
                    await assign_plan(tx, plan.id, OPERATOR, now=now)
                account.hold(place, plan.terms, plan.countries, now, now)

    async def _change(self, plan: PlanRow, begins: datetime, now: datetime) -> None:
        async with self.world.database.for_tenant(self.id) as tx:
            preview = await preview_change(tx, plan.id, self.world.signer, now=now)
            assert preview is not None
            assert preview.effective_at == begins
        async with self.world.database.for_tenant(self.id) as tx:
            request = ChangeRequest(f"{now}", preview.token)
            await change_plan(tx, request, SHOP, self.world.signer, now=now)

    async def _take_back(self, now: datetime) -> bool:
        with suppress(RefusedError):
            async with self.world.database.for_tenant(self.id) as tx:
                await cancel_change(tx, SHOP, None, now=now)
            return True
        return False

    def tell(self, until: date) -> list[dict[str, object]]:
        """What the provider counted of this tenant until a day: its messages, and what it counts by itself."""
        lines: list[Told] = []
        counts: list[tuple[int, int]] = []
        while self.told_until < until:
            day = self.life.day(self.told_until)
            lives = self.life.leaves is None or day.day < self.life.leaves
            start = midnight(day.day)
            for why, category, count, usage, price, late in (*self._sent(day), *(_own(day) if lives else ())):
                lines.append(Told(day.day, category, price, start + _DAY * late, why))
                counts.append((count, usage))
            self._charge_number(day.day)
            self.told_until += _DAY
        self.ledger.told += lines
        return [
            {
                "account_sid": self.account_sid,
                "day": f"{line.day}",
                "category": line.category,
                "count": count,
                "usage": usage,
                "price": f"{line.price:f}",
                "seen_at": line.seen.isoformat(),
            }
            for line, (count, usage) in zip(lines, counts, strict=True)
        ]

    def _sent(self, day: Day) -> list[tuple[str, str, int, int, Decimal, int]]:
        """The day's messages at the provider's price of that day; half of them may be shown late."""
        sent = self.account.sent.get(day.day)
        if sent is None:
            return []
        price = _decimal(sent.cost) + day.surcharge * sent.units
        late = (price / 2).quantize(Decimal("1E-6")) if day.late_days else Decimal(0)
        half, units = (sent.count // 2, sent.units // 2) if day.late_days else (0, 0)
        found = [("own", "sms-outbound", sent.count - half, sent.units - units, price - late, 0)]
        if day.late_days:
            found.append(("own", "sms-outbound", half, units, late, day.late_days))
        return found

    def _charge_number(self, day: date) -> None:
        """The provider asks for the tenant's number each month, on the day of the month that it was bought on."""
        if day.day == min(self.life.signs_up.day, (month_after(day) - _DAY).day):
            told = Told(day, "phonenumbers", NUMBER_PRICE, midnight(day), "other")
            self.ledger.told.append(told)


def _own(day: Day) -> list[tuple[str, str, int, int, Decimal, int]]:
    whys = {"sms-outbound": "outside"}
    return [
        (whys.get(line.category, "other"), line.category, line.count, line.usage, line.price, line.late_days)
        for line in day.lines
    ]


def _decimal(amount: Fraction) -> Decimal:
    return Decimal(amount.numerator) / amount.denominator
