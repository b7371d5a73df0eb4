"""Ownership: offered by the Owner, taken by the heir, and at every moment there is exactly one Owner."""

import asyncio
from typing import Any

import pytest

from auth.ownership import OFFERED_FOR
from auth.permissions import Permission, TenantRole, permissions_of
from tests.members.clients import CREATE
from tests.members.team import ACCEPT, ME, OFFER, OFFERED, REMOVE, TAKE_OVER, Member, Team, application_of
from tests.product import Product
from tests.schema.world import contents_at

NOT_FOUND = ("NOT_FOUND", ["transferId"])


async def _offer(falcon: Team, heir: Member, owner: Member | None = None) -> str:
    made = (await (owner or falcon.owner).caller.run(OFFER, id=heir.id))["ownershipTransfer"]
    assert made["errors"] == []
    return str(made["transfer"]["id"])


async def test_the_heir_becomes_the_owner_and_the_owner_an_administrator(product: Product, falcon: Team) -> None:
    heir = await falcon.member(TenantRole.SUPPORT)
    assert (await heir.caller.run(OFFERED))["viewer"]["ownershipOffer"] is None
    transfer = await _offer(falcon, heir)
    assert await falcon.roles() == {falcon.owner.email: "OWNER", heir.email: "SUPPORT"}
    expiry = (product.clock.now() + OFFERED_FOR).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    offered = {"id": transfer, "ownerName": "Owner", "heirName": "Support", "expiresAt": expiry}
    assert (await heir.caller.run(OFFERED))["viewer"]["ownershipOffer"] == offered
    assert (await falcon.owner.caller.run(OFFERED))["viewer"]["ownershipOffer"] is None
    done = (await heir.caller.run(TAKE_OVER, id=transfer))["ownershipAccept"]
    membership = {"role": "OWNER", "current": True, "tenant": {"name": "Falcon Flights"}}
    assert done == {"membership": membership, "errors": []}
    assert await falcon.roles() == {falcon.owner.email: "ADMINISTRATOR", heir.email: "OWNER"}
    assert set((await heir.caller.run(ME))["viewer"]["permissions"]) == permissions_of(TenantRole.OWNER)
    assert await falcon.owner.caller.codes(OFFER, id=heir.id) == ["FORBIDDEN"]


async def test_only_the_owner_offers_and_not_to_themselves_nor_to_nobody(falcon: Team) -> None:
    administrator = await falcon.member(TenantRole.ADMINISTRATOR)
    before = await contents_at(falcon.place)
    assert await administrator.caller.codes(OFFER, id=administrator.id) == ["FORBIDDEN"]
    assert await contents_at(falcon.place) == before
    refusal = await falcon.refused(falcon.owner.caller, OFFER, id=falcon.owner.id)
    assert refusal == ("ALREADY_OWNER", ["toMemberId"])
    assert await falcon.refused(falcon.owner.caller, OFFER, id="x") == ("NOT_FOUND", ["toMemberId"])


async def test_an_offer_is_taken_by_its_heir_alone_once_and_in_time(product: Product, falcon: Team) -> None:
    heir, other = await falcon.member(TenantRole.DEVELOPER), await falcon.member(TenantRole.ADMINISTRATOR)
    replaced = await _offer(falcon, other)
    transfer = await _offer(falcon, heir)
    assert await falcon.refused(other.caller, TAKE_OVER, id=replaced) == NOT_FOUND
    assert await falcon.refused(other.caller, TAKE_OVER, id=transfer) == NOT_FOUND
    assert await falcon.refused(falcon.owner.caller, TAKE_OVER, id=transfer) == NOT_FOUND
    product.clock.advance(OFFERED_FOR)
    again = await product.sign_in(heir.email)
    assert (await again.run(OFFERED))["viewer"]["ownershipOffer"] is None
    assert await falcon.refused(again, TAKE_OVER, id=transfer) == NOT_FOUND


async def test_no_application_takes_an_offer_or_an_invitation_for_a_person(
    product: Product, falcon: Team, freestyle: Team
) -> None:
    heir = await falcon.member(TenantRole.DEVELOPER)
    transfer, token = await _offer(falcon, heir), await freestyle.invite(heir.email)
    async with application_of(product, heir.caller, Permission.CONTACTS_READ) as application:
        assert (await application.run(ME))["viewer"]["permissions"] == ["CONTACTS_READ"]
        before = await contents_at(falcon.place)
        assert await application.codes(TAKE_OVER, id=transfer) == ["FORBIDDEN"]
        assert await application.codes(ACCEPT, token=token) == ["FORBIDDEN"]
    assert await contents_at(falcon.place) == before
    assert heir.email not in await freestyle.roles()


async def test_an_application_makes_no_client_beyond_what_it_was_given(product: Product, falcon: Team) -> None:
    given = (Permission.API_CLIENTS_WRITE, Permission.USAGE_READ)
    async with application_of(product, falcon.owner.caller, *given) as application:
        wanted = {"name": "Till", "scopes": ["usage:read", "messages:read"]}
        assert await falcon.refused(application, CREATE, input=wanted) == (
            "SCOPE_NOT_ALLOWED",
            ["input", "scopes", "1"],
        )


async def test_an_offer_ends_with_the_membership_of_its_heir(product: Product, falcon: Team) -> None:
    heir = await falcon.member(TenantRole.DEVELOPER)
    transfer = await _offer(falcon, heir)
    await falcon.owner.caller.run(REMOVE, id=heir.id)
    assert await heir.caller.codes(TAKE_OVER, id=transfer) == ["FORBIDDEN"]
    assert await falcon.roles() == {falcon.owner.email: "OWNER"}


async def test_an_offer_of_who_is_the_owner_no_more_is_worth_nothing(falcon: Team) -> None:
    heir, other = await falcon.member(TenantRole.DEVELOPER), await falcon.member(TenantRole.SUPPORT)
    first = await _offer(falcon, heir)
    await heir.caller.run(TAKE_OVER, id=first)
    assert await falcon.refused(heir.caller, TAKE_OVER, id=first) == NOT_FOUND
    second = await _offer(falcon, other, heir)
    assert await falcon.refused(falcon.owner.caller, TAKE_OVER, id=second) == NOT_FOUND


@pytest.mark.parametrize("times", [10])
async def test_of_ten_takings_of_one_offer_at_once_one_is_done(times: int, falcon: Team) -> None:
    heir = await falcon.member(TenantRole.DEVELOPER)
    transfer = await _offer(falcon, heir)
    answers = await asyncio.gather(*(heir.caller.run(TAKE_OVER, id=transfer) for _ in range(times)))
    codes = [[error["code"] for error in answer["ownershipAccept"]["errors"]] for answer in answers]
    assert sorted(codes) == [[]] + [["NOT_FOUND"]] * (times - 1)
    assert await falcon.roles() == {falcon.owner.email: "ADMINISTRATOR", heir.email: "OWNER"}


async def test_whatever_races_there_is_one_owner_at_every_moment(falcon: Team) -> None:
    heir, other = await falcon.member(TenantRole.DEVELOPER), await falcon.member(TenantRole.SUPPORT)
    seen: list[int] = []
    over = asyncio.Event()

    async def watch() -> None:
        while not over.is_set():
            seen.append(list((await falcon.roles()).values()).count("OWNER"))

    async def post(caller: Any, text: str, **variables: str) -> list[str]:
        answer = (await caller.post(query=text, variables=variables)).json()
        payload = next(iter((answer["data"] or {}).values()))
        errors = payload["errors"] if payload else [error["extensions"] for error in answer["errors"]]
        return [error["code"] for error in errors]

    watcher = asyncio.create_task(watch())
    transfer = await _offer(falcon, heir)
    taken, offered, removed = await asyncio.gather(
        post(heir.caller, TAKE_OVER, id=transfer),
        post(falcon.owner.caller, OFFER, id=other.id),
        post(falcon.owner.caller, REMOVE, id=other.id),
    )
    over.set()
    await watcher
    assert taken in ([], ["NOT_FOUND"])
    assert offered in ([], ["NOT_FOUND"], ["ONLY_THE_OWNER"], ["FORBIDDEN"])
    assert removed == []
    roles = await falcon.roles()
    owner = heir if not taken else falcon.owner
    assert [email for email, role in roles.items() if role == "OWNER"] == [owner.email]
    assert seen
    assert set(seen) == {1}
