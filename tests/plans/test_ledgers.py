"""The ledgers of units, credits and money say the same, whatever order sends and their outcomes come in."""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.actor import Actor, ActorKind
from portal.credits.purchasing import purchase
from portal.messages.addressees import Recipients
from portal.messages.canceling import cancel_batch
from portal.messages.composing import Composition
from portal.messages.issues import DeliveryIssueCode
from portal.messages.recording import EventSource, News, record
from portal.messages.sending import OnRefusal, SendRequest, send
from portal.messages.status import MessageStatus, Standing
from portal.pricing.bands import split
from portal.problems import RefusedError
from tests.messages.traffic import plain_numbers
from tests.plans.books import Books, Price, balanced, free
from tests.plans.given import give_card, give_plan, let_use
from tests.product import Product

ACTOR = Actor(ActorKind.API_CLIENT, UUID(int=7), "Shop system")
BODIES = {1: "Your bike is ready.", 2: "x" * 161, 3: "x" * 307}  # by segments
HANDED_OVER = Standing(MessageStatus.SENT)
NEVER_LEFT = Standing(MessageStatus.FAILED, DeliveryIssueCode.UNKNOWN)
PACKS = [
    {"credits": 100, "units": 7, "price": "10", "valid_days": 365},
    {"credits": 200, "units": 9, "price": "10", "valid_days": 90},
]


@dataclass(frozen=True)
class Case:
    """A plan whose prices are worked out here in another way: `bounds` and `price` are of its bands."""

    terms: dict[str, Any]
    bounds: tuple[int | None, ...] = (None,)
    price: Price = free
    limit: int | None = None  # of a day, beside credits
    packs: tuple[int, ...] = ()


def _over(band: int, units: int, cost: Decimal) -> Decimal:
    del cost
    return units * Decimal("0.0125") if band else Decimal(0)


def _margin(band: int, units: int, cost: Decimal) -> Decimal:
    del units
    return cost / (1 - (Decimal("0.5"), Decimal("0.36"), Decimal("0.2"))[band])  # quotients that end


CASES = {
    "TIER": Case({"strategy": "TIER", "allowance_amount": 8, "at_limit": "STOP"}, (8, None), limit=8),
    "TIER_WITH_OVERAGE": Case(
        {
            "strategy": "TIER_WITH_OVERAGE",
            "allowance_amount": 4,
            "at_limit": "OVERAGE",
            "overage": Decimal("0.0125"),
        },
        (4, None),
        _over,
    ),
    "DYNAMIC_MARGIN": Case(
        {
            "strategy": "DYNAMIC_MARGIN",
            "allowance_amount": None,
            "margin_kind": "MARGIN",
            "brackets": [
                {"up_to": 2, "ratio": "0.5"},
                {"up_to": 7, "ratio": "0.36"},
                {"up_to": None, "ratio": "0.2"},
            ],
        },
        (2, 7, None),
        _margin,
    ),
    "CREDITS": Case(
        {"strategy": "CREDITS", "allowance_amount": 3, "at_limit": "CREDITS", "credit_packs": PACKS},
        limit=3,
        packs=(100, 200),
    ),
}

places = st.integers(0, 11)
steps = st.one_of(
    st.tuples(st.just("send"), st.integers(1, 4), st.integers(1, 3)),
    st.tuples(st.just("send"), st.integers(1, 4), st.integers(1, 3)),
    st.tuples(st.sampled_from(["hand over", "give back"]), st.lists(places, min_size=1, max_size=4), st.none()),
    st.tuples(st.sampled_from(["cancel", "repeat"]), places, st.none()),
    st.tuples(st.just("there and back"), st.integers(1, 4), st.integers(1, 3)),
    st.tuples(st.just("a day passes"), st.none(), st.none()),
)


@dataclass
class Run:
    """A tenant on a plan, and what happened so far."""

    product: Product
    tenant_id: UUID
    case: Case
    batches: list[UUID] = field(default_factory=list)
    news: list[News] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        """The instant at which it happens."""
        return self.product.clock.now()

    async def books(self) -> Books:
        """The books, which are in balance."""
        return await balanced(self.product, self.tenant_id, self.case.price)

    async def send(self, count: int, segments: int) -> UUID:
        """A batch of so many messages, as far as the plan reaches."""
        composition = Composition(Recipients(numbers=tuple(plain_numbers(count))), None, BODIES[segments], {})
        request = SendRequest(f"send {len(self.batches)}", composition, OnRefusal.SEND_REST)
        async with self.product.database.for_tenant(self.tenant_id) as tx:
            sent = await send(tx, request, ACTOR, now=self.now)
        self.batches.append(sent.batch_id)
        return sent.batch_id

    async def cancel(self, batch_id: UUID) -> None:
        """Cancel a batch, of which all may have left."""
        async with self.product.database.for_tenant(self.tenant_id) as tx:
            with suppress(RefusedError):
                await cancel_batch(tx, batch_id, now=self.now)

    async def hear(self, *news: News) -> None:
        """Record news together."""
        self.news += news
        async with self.product.database.for_tenant(self.tenant_id) as tx:
            await record(tx, news, now=self.now)

    async def messages(self) -> list[Any]:
        """All messages, in the order in which they were accepted."""
        async with self.product.database.for_tenant(self.tenant_id, read_only=True) as tx:
            sql = "SELECT id, batch_id, recipient_number, reserved_units FROM message WHERE tenant_id = $1"
            rows = await tx.rows(sql, tx.tenant_id)
        return sorted(rows, key=lambda row: (self.batches.index(row["batch_id"]), row["recipient_number"]))

    def ended(self, message_id: UUID, *, left: bool) -> News:
        """What ends a reservation."""
        standing, reference = (HANDED_OVER, f"SM{message_id.hex}") if left else (NEVER_LEFT, None)
        return News(message_id, standing, self.now, EventSource.PROVIDER_ANSWER, reference, left=left)

    async def step(self, what: str, first: Any, second: Any) -> None:
        """Do one thing."""
        match what:
            case "send":
                await self.send(first, second)
            case "there and back":
                before = await self.books()
                await self.cancel(await self.send(first, second))
                assert await self.books() == before
            case "cancel" if self.batches:
                await self.cancel(self.batches[first % len(self.batches)])
            case "repeat" if self.news:
                await self.hear(self.news[first % len(self.news)])
            case "a day passes":
                self.product.clock.advance(timedelta(days=1))
            case "hand over" | "give back":
                rows = await self.messages()
                chosen = {rows[place % len(rows)]["id"] for place in first} if rows else set()
                await self.hear(*(self.ended(key, left=what == "hand over") for key in chosen))


async def _begin(product: Product, case: Case) -> Run:
    await give_card(product, US="0.0083", elsewhere="0.05")
    tenant = await product.tenant()
    await give_plan(product, tenant.id, allowance_unit="SEGMENTS", **case.terms)
    await let_use(product, tenant.id)
    for pack in case.packs:
        async with product.database.for_tenant(tenant.id) as tx:
            await purchase(tx, f"pack {pack}", pack, ACTOR, now=product.clock.now())
    product.statements.clear()  # which hypothesis would show
    return Run(product, tenant.id, case)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@given(happening=st.lists(steps, min_size=3, max_size=14))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_ledgers_say_the_same_after_any_order_of_sends_and_outcomes(
    happening: list[tuple[str, Any, Any]], case: Case, product: Product
) -> None:
    began = product.clock.now()
    run = await _begin(product, case)
    for step in happening:
        await run.step(*step)
        for used, reserved, from_credits in (await run.books()).units:
            assert case.limit is None or used + reserved - from_credits <= case.limit
    await run.hear(*(run.ended(row["id"], left=True) for row in await run.messages() if row["reserved_units"]))
    over = await run.books()
    assert (over.reserved, {reserved for _, reserved in over.money} | {0}) == (0, {0})
    assert all(reserved == 0 for _, reserved, _ in over.lots)
    expected: Counter[int] = Counter()
    for used, _, _ in over.units:
        expected.update(dict(split(case.bounds, 0, used)))
    assert over.bands == expected
    product.clock.turn_to(began)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("back", ["canceled", "refused by the provider"])
async def test_what_is_reserved_and_given_back_leaves_what_was_before(product: Product, case: Case, back: str) -> None:
    run = await _begin(product, case)
    await run.send(2, 2)
    await run.hear(*(run.ended(row["id"], left=True) for row in (await run.messages())[:1]))
    before = await run.books()
    assert (before.used, before.reserved > 0) == (2, True)
    batch_id = await run.send(4, 1)
    assert (await run.books()) != before
    if back == "canceled":
        await run.cancel(batch_id)
    else:
        await run.hear(*(run.ended(row["id"], left=False) for row in (await run.messages())[2:]))
    assert await run.books() == before
