"""A message's life, whatever happens in whatever order: sent once, never back, and every unit accounted for."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from api.webhooks.addresses import callback_url
from auth.permissions import machine_permissions
from portal.callbacks.inbox import CallbackInbox, CallbackKind, ReceivedCallback
from portal.database.address import DatabaseAddress
from portal.global_ids import global_id
from portal.messages.dispatching import Dispatcher
from portal.messages.issues import DeliveryIssueCode
from portal.messages.status import FINAL, MessageStatus, rank
from portal.messages.sweeping import ask_silent
from portal.tenants.accounts import ProviderAccounts
from tests.conftest import new_database
from tests.messages.model_twilio import ENDS, Killed, Made, ModelTwilio, Way
from tests.messages.traffic import add_contacts, cancel, messages, plain_numbers, send
from tests.plans.books import balanced
from tests.product import Caller, Product, TenantUnderTest
from tests.product import product as serve_product
from tests.turnable_clock import TurnableClock

T = TypeVar("T")
_TOLD = {MessageStatus.SENDING: "queued"}  # Twilio's words for what it has taken
_WAITING = {MessageStatus.SENDING, MessageStatus.CONFIRMING}
_PAUSES = (timedelta(seconds=5), timedelta(seconds=61), timedelta(minutes=2), timedelta(minutes=30))
_PLACES = st.integers(0, 99)  # in whatever there is by then: what is drawn may not depend on what was sent first
_ROUNDS = 60  # in which everything comes to its end


class Stage:
    """The product, and the loop that it runs in: made once for all lives, each of which has a tenant of its own."""

    def __init__(self, superuser: DatabaseAddress, simulator: str) -> None:
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        address = self.run(self._stack.enter_async_context(new_database(superuser)))
        self.product: Product = self.run(
            self._stack.enter_async_context(serve_product(address, TurnableClock(), simulator))
        )

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it in the loop."""
        return self._runner.run(work)

    def close(self) -> None:
        """Take everything away."""
        self.run(self._stack.aclose())
        self._runner.close()


@pytest.fixture(scope="module")
def stage(superuser: DatabaseAddress, simulator: str) -> Iterator[Stage]:
    made = Stage(superuser, simulator)
    yield made
    made.close()


class Life(RuleBasedStateMachine):
    """Some messages of one tenant, to two people, of two texts: twins are common."""

    stage: Stage

    def __init__(self) -> None:
        super().__init__()
        self.product = self.stage.product
        self.tenant: TenantUnderTest = self.stage.run(self.product.tenant(allowance=None))
        self.contacts = self.stage.run(add_contacts(self.product, self.tenant, plain_numbers(2)))
        self.twilio = ModelTwilio(self.product.clock)
        accounts = ProviderAccounts(self.product.database, self.product.box, self.product.clock)
        self.credentials = self.stage.run(accounts.credentials(self.tenant.id))
        self.machine_since = self.product.clock.now()
        self.sends = 0
        self.seen: dict[UUID, Any] = {}

    @rule(text=st.sampled_from(("Your bike is ready.", "Your board is ready.")), people=st.integers(1, 2))
    def accept(self, text: str, people: int) -> None:
        """A send is accepted."""
        self.sends += 1
        key = f"send {self.sends}"
        made = self.stage.run(send(self._machine(), self.contacts[:people], key=key, body=text))
        assert made["batch"]["accepted"] == people

    def _machine(self) -> Caller:
        if self.product.clock.now() - self.machine_since > timedelta(minutes=9):  # a token lives for ten
            self.machine_since = self.product.clock.now()
            self.tenant.machine = self.stage.run(self.product.machine(self.tenant.id, machine_permissions()))
        return self.tenant.machine

    @rule(ways=st.lists(st.sampled_from(Way), max_size=6), ends=st.lists(st.sampled_from(ENDS), max_size=3))
    def dispatch(self, ways: list[Way], ends: list[MessageStatus]) -> None:
        """A worker takes its turn, and perhaps dies in it."""
        self.twilio.ways.extend(ways)
        self.twilio.ends.extend(ends)
        self.stage.run(self._dispatch())
        self.twilio.ways.clear()

    async def _dispatch(self) -> None:
        accounts = ProviderAccounts(self.product.database, self.product.box, self.product.clock)
        worker = Dispatcher(
            self.product.database, self.twilio, accounts, self.product.clock, callback_url(self.product.url)
        )
        with suppress(Killed):
            await worker.run_once()
        left = [task for task in asyncio.all_tasks() if _is_of_worker(task)]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    @rule(pause=st.sampled_from(_PAUSES))
    def time_passes(self, pause: timedelta) -> None:
        """Leases and graces end."""
        self.product.clock.advance(pause)

    @rule(place=_PLACES)
    def goes_on(self, place: int) -> None:
        """Something happens to a message at the provider, told or not."""
        for one in _one_of(self.twilio.made, place):
            one.steps = min(one.steps + 1, 2)

    @rule(place=_PLACES, step=_PLACES, times=st.integers(1, 2))
    def called_back(self, place: int, step: int, times: int) -> None:
        """A callback tells what has happened to a message, in any order, and perhaps twice."""
        for one in _one_of(self.twilio.made, place):
            for status in _one_of(one.life, step) * times:
                self.stage.run(self._tell(one, status))

    async def _tell(self, one: Made, status: MessageStatus) -> None:
        fields = {"MessageSid": one.reference, "MessageStatus": _TOLD.get(status, status.value.lower())}
        if status in {MessageStatus.UNDELIVERED, MessageStatus.FAILED}:
            fields["ErrorCode"] = "30003"
        inbox = CallbackInbox(self.product.database, self.product.clock)
        await inbox.receive(ReceivedCallback(self.tenant.id, CallbackKind.MESSAGE_STATUS, fields, one.message_id))
        await self.product.apply_callbacks()

    @rule(place=_PLACES)
    def canceled(self, place: int) -> None:
        """Somebody takes a message back, in time or not."""
        for message_id in _one_of(sorted(self.seen), place):
            made = self.stage.run(cancel(self._machine(), global_id("Message", message_id)))
            waited = self.seen[message_id]["status"] == MessageStatus.QUEUED
            assert made["canceled"] == waited
            assert [error["code"] for error in made["errors"]] == ([] if waited else ["TOO_LATE"])

    @rule(is_away=st.booleans())
    def sweep(self, is_away: bool) -> None:  # noqa: FBT001  hypothesis gives it by name
        """The provider is asked about what is silent, and perhaps does not answer."""
        self.twilio.is_away = is_away
        self.stage.run(self._sweep())
        self.twilio.is_away = False

    async def _sweep(self) -> None:
        assert self.credentials is not None
        clock = self.product.clock
        await ask_silent(self.product.database, self.twilio, self.credentials, self.tenant.id, clock, clock.now())

    @invariant()
    def nothing_is_sent_twice_or_goes_back(self) -> None:
        """What holds after every step."""
        sent = Counter(one.message_id for one in self.twilio.made)
        assert all(times == 1 for times in sent.values())
        rows = {row["id"]: row for row in self.stage.run(messages(self.product, self.tenant))}
        assert self.seen.keys() <= rows.keys()
        for message_id, row in rows.items():
            before = self.seen.get(message_id, row)
            status, earlier = MessageStatus(row["status"]), MessageStatus(before["status"])
            waits_again = status is MessageStatus.QUEUED and earlier in _WAITING and message_id not in sent
            assert rank(status) >= rank(earlier) or waits_again
            if earlier in FINAL:
                assert status in FINAL
            if before["provider_reference"]:
                assert row["provider_reference"] == before["provider_reference"]
        self.seen = rows
        books = self.stage.run(balanced(self.product, self.tenant.id))
        assert books.reserved == sum(row["reserved_units"] for row in rows.values())
        assert books.used == sum(1 for row in rows.values() if row["provider_reference"])

    def teardown(self) -> None:
        """In the end each message was sent once, or ended with a reason; what nobody can say is held."""
        for one in self.twilio.made:
            one.steps = 2
        for _ in range(_ROUNDS):
            if all(row["due_at"] is None and row["ask_at"] is None for row in self.seen.values()):
                break
            self.dispatch([], [])
            self.nothing_is_sent_twice_or_goes_back()
            self.sweep(is_away=False)
            for one in self.twilio.made:
                one.steps = 2
            self.nothing_is_sent_twice_or_goes_back()
            self.time_passes(timedelta(minutes=5))
        made = {one.message_id: one for one in self.twilio.made}
        texts = Counter((one.recipient, one.body, one.ends_as) for one in self.twilio.made)
        unsure = 0
        for message_id, row in self.seen.items():
            status = MessageStatus(row["status"])
            assert status in FINAL
            if row["issue"] == DeliveryIssueCode.UNCONFIRMED and row["provider_reference"] is None:
                unsure += 1
                assert row["reserved_units"] == 1
            elif message_id in made:
                texts[row["recipient_number"], row["body"], status] -= 1
            else:
                assert status in {MessageStatus.FAILED, MessageStatus.CANCELED, MessageStatus.EXPIRED}
        assert min(texts.values(), default=0) >= 0
        assert self.stage.run(balanced(self.product, self.tenant.id)).reserved == unsure


def _one_of(those: list[T], place: int) -> list[T]:
    """One of them, or none where there is none."""
    return [those[place % len(those)]] if those else []


def _is_of_worker(task: asyncio.Task[Any]) -> bool:
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and "/portal/messages/" in code.co_filename


def _live(stage: Stage, examples: int, steps: int) -> None:
    machine = type("LifeOnStage", (Life,), {"stage": stage})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            phases=(Phase.explicit, Phase.generate),  # shrinking would take hundreds of lives
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_whatever_happens_in_whatever_order_no_message_is_lost_sent_twice_or_charged_wrongly(stage: Stage) -> None:
    _live(stage, 6, 25)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_same_with_many_more_and_longer_lives(stage: Stage) -> None:
    _live(stage, 150, 60)
