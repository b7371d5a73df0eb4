"""The plans that are ready to use: their figures, how they are read, and how an operator adds them."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from portal.database import Database, DatabaseRole
from portal.database.address import DatabaseAddress
from portal.plans.catalogue import add_missing, read_catalogue, retire_plan
from portal.plans.checking import problems_of
from portal.plans.periods import AllowancePeriod
from portal.plans.plans import PlanRow
from portal.plans.ready_made import PlansError, read_plans, ready_made
from portal.pricing.strategies import BandUsage, strategy_of
from portal.pricing.terms import AtLimit, CreditPack, MarginKind, PricingStrategy, UsageUnit
from portal_schema.plan_inputs import PlanInput
from portal_schema.scalars import CurrencyCode
from tests.command_line import typed
from tests.product import SECRET
from tests.turnable_clock import TurnableClock

READY = {plan.name: plan.terms for plan in ready_made()}


def test_each_could_be_published_and_has_a_name_of_its_own() -> None:
    assert [problem for plan in ready_made() for problem in problems_of(plan)] == []
    assert len(READY) == len(ready_made()) == 13
    assert {terms.strategy for terms in READY.values()} == set(PricingStrategy)
    assert {terms.currency for terms in READY.values()} == {"USD"}


@pytest.mark.parametrize(("name", "a_day"), [("Free", 5), ("Bronze", 50), ("Silver", 250), ("Gold", 1_000)])
def test_packages_allow_messages_a_day_and_stop(name: str, a_day: int) -> None:
    terms = READY[name]
    assert (terms.amount, terms.unit, terms.per) == (a_day, UsageUnit.MESSAGES, AllowancePeriod.DAY)
    assert terms.at_limit is AtLimit.STOP
    assert (terms.fee == 0) is (name == "Free")


@pytest.mark.parametrize(
    ("name", "fee", "a_month", "overage"),
    [("Small", "49.99", 100, "0.50"), ("Medium", "59.99", 200, "0.30"), ("Large", "65.99", 300, "0.10")],
)
def test_tiers_are_there_twice_to_stop_and_with_overage(name: str, fee: str, a_month: int, overage: str) -> None:
    stops, goes_on = READY[name], READY[f"{name} with overage"]
    for terms in (stops, goes_on):
        assert (terms.fee, terms.amount, terms.per) == (Decimal(fee), a_month, AllowancePeriod.MONTH)
    assert (stops.at_limit, stops.overage) == (AtLimit.STOP, None)
    assert (goes_on.at_limit, goes_on.overage) == (AtLimit.OVERAGE, Decimal(overage))
    assert strategy_of(goes_on).price(BandUsage(1, 20, 20, Decimal(1))).amount == 20 * Decimal(overage)


def test_credits_are_sold_in_two_packs_of_segments() -> None:
    assert READY["Credits"].packs == (CreditPack(100, 500, Decimal(10)), CreditPack(200, 1_500, Decimal(15)))
    assert READY["Credits"].unit is UsageUnit.SEGMENTS


@pytest.mark.parametrize(
    ("name", "brackets"),
    [
        ("Fixed margin", [(None, "0.03")]),
        ("Dynamic margin", [(100, "0.05"), (300, "0.03"), (None, "0.02")]),
    ],
)
def test_margins_are_of_the_price(name: str, brackets: list[tuple[int | None, str]]) -> None:
    assert READY[name].margin_kind is MarginKind.MARGIN
    assert [(one.up_to, str(one.ratio)) for one in READY[name].brackets] == brackets


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('strategy = "TIER"\ncurrency = "USD"\nfee = -1', "plan X, fee: Give a number from 0"),
        ('strategy = "TIER"\ncurrency = "USD"\nfee = nan', "plan X, fee: "),
        ('strategy = "TIER"\ncurrency = "USD"\nfee = 1e400', "plan X, fee: Give a number from 0"),
        ('strategy = "TIER"\ncurrency = "USD"\nfee = 1.00000000000000000001', "plan X, fee: Give at most 2 decimals"),
        ('strategy = "TIER"\ncurrency = "XXQ"', "plan X, currency: "),
        ('strategy = "TIER"\ncurrency = "USD"\nat_limit = "OVERAGE"', "plan X says at_limit, which no plan has"),
        ('strategy = "TIER"\ncurrency = "USD"\namount = 1.5', "plan X, amount: "),
        ('strategy = "TIER_WITH_OVERAGE"\ncurrency = "USD"\namount = 1', "plan X, overage: Say what each unit"),
        (
            'strategy = "DYNAMIC_MARGIN"\ncurrency = "USD"\nmargin_kind = "MARGIN"\nbrackets = [{up_to=1, ratio=0.1}]',
            "plan X, brackets: Let the last bracket be open",
        ),
        ('strategy = "TIER"\ncurrency = "USD"\nbrackets = [1]', "plan X, brackets.0: "),
        ('strategy = "TIER"\ncurrency = "USD"\nbrackets = 1', "plan X, brackets: "),
    ],
)
def test_what_could_not_be_published_is_not_read(written: str, said: str) -> None:
    with pytest.raises(PlansError) as refused:
        read_plans(f'[[plan]]\nname = "X"\n{written}\n'.encode(), "plans.toml")
    assert str(refused.value).startswith(f"plans.toml: {said}")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (b"\xff", "plans.toml is no TOML"),
        (b"plan", "plans.toml is no TOML"),
        (b"plan = 1", "plans.toml has no plans"),
        (b"plan = [1]", "plans.toml: plan 1 has no name"),
        (b"[[plan]]\nname = 1", "plans.toml: plan 1 has no name"),
    ],
)
def test_what_is_no_file_of_plans_is_said(written: bytes, said: str) -> None:
    with pytest.raises(PlansError, match=f"^{said}"):
        read_plans(written, "plans.toml")


async def _versions(database: Database) -> list[tuple[str, int, str]]:
    async with database.as_role(DatabaseRole.OPERATOR, read_only=True) as tx:
        return sorted((plan.name, plan.version, plan.state.value) for plan in await read_catalogue(tx))


async def test_added_at_once_by_several_each_is_there_once(database: Database, clock: TurnableClock) -> None:
    async def add() -> list[PlanRow]:
        async with database.as_role(DatabaseRole.OPERATOR) as tx:
            return await add_missing(tx, ready_made(), "Otto", on_sale=False, now=clock.now())

    added = [plan.name for plans in await asyncio.gather(*(add() for _ in range(4))) for plan in plans]
    assert sorted(added) == sorted(READY)
    assert await _versions(database) == [(name, 1, "DRAFT") for name in sorted(READY)]


async def test_the_command_adds_drafts_or_puts_on_sale_and_leaves_what_has_a_version(
    address: DatabaseAddress, database: Database, clock: TurnableClock, tmp_path: Path
) -> None:
    settings = {"DATABASE_URL": address.url(), "SECRET_KEY": SECRET, "PORTAL_HOME": str(tmp_path / "home")}
    add, rates = ("plans", "add-ready-made"), tmp_path / "rates.csv"
    rates.write_text("category,country,price\nsms-outbound,,0.1\n")
    code, said = await typed(settings, *add)
    assert code == 0
    assert said.splitlines()[:2] == ["Free: added as a draft.", "Bronze: added as a draft."]
    assert said.splitlines()[-2:] == [
        "Look at each, change what you sell otherwise, and publish it.",
        "There is no rate card yet, so costs are estimated as nothing: publish one with portal rates publish.",
    ]
    assert await _versions(database) == [(name, 1, "DRAFT") for name in sorted(READY)]
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        for plan in await read_catalogue(tx):
            if plan.name != "Gold":
                await retire_plan(tx, plan.id, "Otto", now=clock.now())  # a draft is thrown away
    assert (await typed(settings, "rates", "publish", str(rates), "--currency", "EUR"))[0] == 0
    refused = "Publish a rate card in USD, or one with an exchange rate for it, first.\n"
    assert await typed(settings, *add, "--on-sale") == (1, refused)
    assert await _versions(database) == [("Gold", 1, "DRAFT")]
    assert (await typed(settings, "rates", "publish", str(rates)))[0] == 0
    for done in ("on sale", "there already"):
        code, said = await typed(settings, *add, "--on-sale")
        states = {name: "there already" if name == "Gold" else done for name in READY}
        assert (code, said.splitlines()) == (0, [f"{name}: {state}." for name, state in states.items()])
        assert await _versions(database) == [
            (name, 1, "DRAFT" if name == "Gold" else "PUBLISHED") for name in sorted(READY)
        ]


def test_a_plan_reaches_the_united_states_unless_it_names_other_countries() -> None:
    assert {plan.countries for plan in ready_made()} == {("US",)}
    given = PlanInput(name="New", strategy=PricingStrategy.TIER, currency=CurrencyCode("USD"))
    assert given.content().countries == ("US",)
