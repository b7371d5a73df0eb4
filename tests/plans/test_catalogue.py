"""The catalogue over GraphQL: what no plan can say changes nothing, a rush keeps the order, and what is held stays."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from auth.permissions import StaffRole
from portal.database import Database, DatabaseRole
from portal_schema.nodes import to_global
from tests.plans.offers import GIVEN
from tests.product import Caller, Product
from tests.schema.rows import add_contact, send

DRAFT = """mutation ($input: PlanInput!) {
  planDraft(input: $input) { plan { id name version state } errors { code path message } }
}"""
PUBLISH = """mutation ($input: PlanInput!) {
  planPublish(input: $input) { plan { id name version state } errors { code path message } }
}"""
RETIRE = """mutation ($id: ID!) {
  planRetire(id: $id) { plan { id version state } errors { code path message } }
}"""
ASSIGN = """mutation ($id: ID!, $planId: ID!) {
  tenantPlanAssign(id: $id, planId: $planId) { tenantPlan { plan { id } } errors { code path message } }
}"""
OFFERED = "{ planCatalogue { id state } plan { plan { id } } }"
DYNAMIC = {"name": "Dynamic", "strategy": "DYNAMIC_MARGIN", "currency": "USD", "marginKind": "MARGIN"}
PACKED = {"name": "Credits", "strategy": "CREDITS", "currency": "USD"}


@pytest.fixture
async def operator(product: Product) -> Caller:
    """The ISV's operator."""
    return await product.member(None, StaffRole.ISV_OPERATOR)


async def run(caller: Caller, mutation: str, **variables: Any) -> dict[str, Any]:
    """The payload of a mutation."""
    (payload,) = (await caller.run(mutation, **variables)).values()
    return dict(payload)


async def catalogue(database: Database) -> list[dict[str, Any]]:
    """Every version with all that it says, as it stands."""
    async with database.as_role(DatabaseRole.OPERATOR, read_only=True) as tx:
        return [dict(row) for row in await tx.rows("SELECT * FROM plan ORDER BY name, version")]


def by_brackets(*brackets: tuple[int | None, str]) -> dict[str, Any]:
    """A dynamic margin of these brackets."""
    return DYNAMIC | {"brackets": [{"upTo": up_to, "marginRatio": ratio} for up_to, ratio in brackets]}


def packs(*found: dict[str, Any]) -> dict[str, Any]:
    """A plan with these packs of credits."""
    return PACKED | {"creditPacks": list(found)}


PACK = {"credits": 100, "units": 500, "price": "10"}
WRONG = [
    (GIVEN | {"fee": "-0.01"}, [("OUT_OF_RANGE", "fee")]),
    (GIVEN | {"fee": "49.999"}, [("TOO_PRECISE", "fee")]),
    (GIVEN | {"currency": "XXQ"}, [("UNKNOWN_CURRENCY", "currency")]),
    (GIVEN | {"currency": "usd"}, [("UNKNOWN_CURRENCY", "currency")]),
    (GIVEN | {"name": " "}, [("INVALID_TEXT", "name")]),
    (GIVEN | {"allowance": {"amount": -5}}, [("OUT_OF_RANGE", "allowance.amount")]),
    (GIVEN | {"countries": ["US", "ZZ"]}, [("UNKNOWN_COUNTRY", "countries.1")]),
    (GIVEN | {"strategy": "TIER_WITH_OVERAGE"}, [("MISSING", "overage")]),
    (GIVEN | {"strategy": "TIER_WITH_OVERAGE", "overage": "-0.5"}, [("OUT_OF_RANGE", "overage")]),
    (by_brackets((100, "0.05"), (90, "0.03"), (None, "0.02")), [("BRACKETS_NOT_RISING", "brackets.1.upTo")]),  # overlap
    (by_brackets((100, "0.05"), (100, "0.03"), (None, "0.02")), [("BRACKETS_NOT_RISING", "brackets.1.upTo")]),
    (by_brackets((None, "0.05"), (None, "0.03")), [("BRACKETS_NOT_RISING", "brackets.0.upTo")]),  # a gap behind it
    (by_brackets((100, "0.05"), (300, "0.03")), [("NO_OPEN_BRACKET", "brackets")]),
    (by_brackets(), [("NO_OPEN_BRACKET", "brackets")]),
    (
        by_brackets((100, "-0.05"), (None, "1")),
        [
            ("OUT_OF_RANGE", "brackets.0.marginRatio"),
            ("OUT_OF_RANGE", "brackets.1.marginRatio"),
        ],
    ),
    (by_brackets((None, "0.05")) | {"marginKind": None}, [("MISSING", "marginKind")]),
    (packs(), [("MISSING", "creditPacks")]),
    (
        packs(PACK, PACK | {"units": 0, "price": "-1"}),
        [
            ("OUT_OF_RANGE", "creditPacks.1.units"),
            ("OUT_OF_RANGE", "creditPacks.1.price"),
            ("OUT_OF_RANGE", "creditPacks.1.credits"),
        ],
    ),
    (
        GIVEN | {"fee": "-1", "currency": "", "overage": "1"},
        [
            ("UNKNOWN_CURRENCY", "currency"),
            ("OUT_OF_RANGE", "fee"),
            ("NOT_OF_STRATEGY", "overage"),
        ],
    ),
]


@pytest.mark.parametrize("mutation", [DRAFT, PUBLISH], ids=["draft", "publish"])
async def test_what_no_plan_can_say_is_refused_with_its_place_and_nothing_changes(
    product: Product, operator: Caller, mutation: str
) -> None:
    for kept in (PUBLISH, DRAFT):  # a version on sale and a draft, which a refusal must leave
        for given in (GIVEN, by_brackets((None, "0.05")), packs(PACK)):
            assert (await run(operator, kept, input=given))["errors"] == []
    before = await catalogue(product.database)
    assert len(before) == 6
    for given, problems in WRONG:
        answer = await run(operator, mutation, input=given)
        assert answer["plan"] is None
        found = [(error["code"], ".".join(error["path"])) for error in answer["errors"]]
        assert found == [(code, f"input.{place}") for code, place in problems]
    assert await catalogue(product.database) == before


@pytest.mark.parametrize(
    "number", ["NaN", "-NaN", "Infinity", "1e400", "0.00000000000000000001", "1,5", "", 49.99, True]
)
async def test_what_is_no_decimal_number_is_refused_with_its_place_and_nothing_changes(
    product: Product, operator: Caller, number: Any
) -> None:
    bracket = by_brackets((None, "0.05"))
    bracket["brackets"][0]["marginRatio"] = number
    for given, place in ((GIVEN | {"fee": number}, "fee"), (bracket, "brackets[0].marginRatio")):
        for mutation in (DRAFT, PUBLISH):
            (error,) = await operator.errors(mutation, input=given)
            assert error["extensions"]["code"] == "BAD_USER_INPUT"
            assert error["message"].startswith(
                f"Variable '$input' has invalid value at .{place}: A Decimal is a string"
            )
    assert await catalogue(product.database) == []


async def test_a_currency_that_the_rate_card_does_not_know_can_be_drafted_and_not_published(
    product: Product, operator: Caller
) -> None:
    given = GIVEN | {"currency": "EUR"}
    drafted = await run(operator, DRAFT, input=given)
    assert (drafted["errors"], drafted["plan"]["state"]) == ([], "DRAFT")
    before = await catalogue(product.database)
    answer = await run(operator, PUBLISH, input=given)
    assert [(error["code"], error["path"]) for error in answer["errors"]] == [
        ("NO_EXCHANGE_RATE", ["input", "currency"])
    ]
    assert await catalogue(product.database) == before


async def test_many_publications_at_once_are_versions_in_a_row_of_which_the_last_is_on_sale(
    product: Product, operator: Caller
) -> None:
    fees = [f"{fee}.50" for fee in range(10, 16)]
    answers = await asyncio.gather(*(run(operator, PUBLISH, input=GIVEN | {"fee": fee}) for fee in fees))
    versions = {answer["plan"]["version"]: fee for answer, fee in zip(answers, fees, strict=True)}
    assert sorted(versions) == [1, 2, 3, 4, 5, 6]
    kept = await catalogue(product.database)
    assert {row["version"]: str(row["fee"]) for row in kept} == versions
    assert [row["state"] for row in kept] == ["RETIRED"] * 5 + ["PUBLISHED"]


async def test_a_draft_and_its_publication_at_once_lose_neither(product: Product, operator: Caller) -> None:
    given = [(DRAFT, "11"), (PUBLISH, "12"), (DRAFT, "13"), (PUBLISH, "14")]
    answers = await asyncio.gather(*(run(operator, mutation, input=GIVEN | {"fee": fee}) for mutation, fee in given))
    assert [answer["errors"] for answer in answers] == [[]] * 4
    kept = await catalogue(product.database)
    states = [row["state"] for row in kept]
    assert [row["version"] for row in kept] == list(range(1, len(kept) + 1))
    assert (states.count("PUBLISHED"), states.count("RETIRED")) == (1, 1)
    assert states.count("DRAFT") <= 1
    assert {str(row["fee"]) for row in kept if row["state"] != "DRAFT"} == {"12", "14"}


async def test_a_version_that_is_held_stays_with_its_tenant_when_it_is_retired(
    product: Product, operator: Caller
) -> None:
    holder, other = await product.tenant(), await product.tenant("Freestyle Falcons")
    plan = (await run(operator, PUBLISH, input=GIVEN))["plan"]["id"]
    product.clock.advance(timedelta(seconds=1))
    held = {"tenantPlan": {"plan": {"id": plan}}, "errors": []}
    assert await run(operator, ASSIGN, id=to_global("Tenant", holder.id), planId=plan) == held
    retired = await run(operator, RETIRE, id=plan)
    assert retired == {"plan": {"id": plan, "version": 1, "state": "RETIRED"}, "errors": []}
    before = await catalogue(product.database)
    refused = await run(operator, ASSIGN, id=to_global("Tenant", other.id), planId=plan)
    assert [(error["code"], error["path"]) for error in refused["errors"]] == [("NOT_PUBLISHED", ["planId"])]
    again = await run(operator, RETIRE, id=plan)
    assert [(error["code"], error["path"]) for error in again["errors"]] == [("NOT_PUBLISHED", ["id"])]
    assert await catalogue(product.database) == before
    seen = await holder.machine.run(OFFERED)
    assert seen["plan"] == {"plan": {"id": plan}}
    assert {"id": plan, "state": "RETIRED"} in seen["planCatalogue"]
    assert plan not in {one["id"] for one in (await other.machine.run(OFFERED))["planCatalogue"]}
    contact = await add_contact(holder.machine, "+12025550100")
    await send(holder.machine, [contact], body="Still yours")


async def test_retired_many_times_at_once_it_is_retired_once(product: Product, operator: Caller) -> None:
    plan = (await run(operator, PUBLISH, input=GIVEN))["plan"]["id"]
    answers = await asyncio.gather(*(run(operator, RETIRE, id=plan) for _ in range(4)))
    assert sorted([error["code"] for error in answer["errors"]] for answer in answers) == [
        [],
        *[["NOT_PUBLISHED"]] * 3,
    ]
    draft = (await run(operator, DRAFT, input=GIVEN))["plan"]["id"]
    thrown_away = await asyncio.gather(*(run(operator, RETIRE, id=draft) for _ in range(2)))
    assert sorted([error["code"] for error in answer["errors"]] for answer in thrown_away) == [[], ["NOT_FOUND"]]
    assert [(row["version"], row["state"]) for row in await catalogue(product.database)] == [(1, "RETIRED")]
