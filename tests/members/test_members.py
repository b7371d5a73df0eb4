"""Who changes whom: only the Owner makes, changes and removes Administrators, and nobody makes an Owner."""

import asyncio
from datetime import timedelta
from itertools import product as pairs

import pyotp
import pytest

from auth.members import require_authority
from auth.permissions import Permission, TenantRole
from auth.second_factor.totp import set_totp
from portal.database import DatabaseRole
from portal.database.address import DatabaseAddress
from portal.global_ids import split_global
from portal.problems import RefusedError
from tests.members.team import (
    ACCEPT,
    CHANGE_ROLE,
    INVITATIONS,
    INVITE,
    ME,
    MEMBERS,
    REMOVE,
    RESEND,
    REVOKE,
    Team,
    application_of,
)
from tests.product import Product
from tests.product import product as serve_product

OWNER, ADMINISTRATOR, DEVELOPER = TenantRole.OWNER, TenantRole.ADMINISTRATOR, TenantRole.DEVELOPER
BILLING_MANAGER, SUPPORT = TenantRole.BILLING_MANAGER, TenantRole.SUPPORT
BY_TRANSFER, BY_OWNER = "OWNER_BY_TRANSFER_ONLY", "ONLY_THE_OWNER"
# Who, of what role, to which role: the code and where it is wrong, or None where it is done.
CHANGES = [
    (OWNER, DEVELOPER, ADMINISTRATOR, None),
    (OWNER, ADMINISTRATOR, SUPPORT, None),
    (OWNER, SUPPORT, BILLING_MANAGER, None),
    (OWNER, DEVELOPER, OWNER, (BY_TRANSFER, ["role"])),
    (OWNER, OWNER, ADMINISTRATOR, (BY_TRANSFER, ["id"])),
    (ADMINISTRATOR, DEVELOPER, SUPPORT, None),
    (ADMINISTRATOR, BILLING_MANAGER, DEVELOPER, None),
    (ADMINISTRATOR, DEVELOPER, ADMINISTRATOR, (BY_OWNER, ["role"])),
    (ADMINISTRATOR, DEVELOPER, OWNER, (BY_TRANSFER, ["role"])),
    (ADMINISTRATOR, ADMINISTRATOR, SUPPORT, (BY_OWNER, ["id"])),
    (ADMINISTRATOR, OWNER, SUPPORT, (BY_TRANSFER, ["id"])),
]
REMOVALS = [
    (OWNER, ADMINISTRATOR, None),
    (OWNER, SUPPORT, None),
    (OWNER, OWNER, (BY_TRANSFER, ["id"])),
    (ADMINISTRATOR, DEVELOPER, None),
    (ADMINISTRATOR, ADMINISTRATOR, (BY_OWNER, ["id"])),
    (ADMINISTRATOR, OWNER, (BY_TRANSFER, ["id"])),
]


def _named(case: tuple[object, ...]) -> str:
    return "AZ-09 " + " ".join(str(part.value if isinstance(part, TenantRole) else "") for part in case).strip()


@pytest.mark.parametrize(("actor", "old", "new", "refusal"), [pytest.param(*case, id=_named(case)) for case in CHANGES])
async def test_a_change_of_role_is_done_by_who_may_give_and_take_both_roles(
    actor: TenantRole,
    old: TenantRole,
    new: TenantRole,
    refusal: tuple[str, list[str]] | None,
    falcon: Team,
) -> None:
    who = falcon.owner if actor is OWNER else await falcon.member(actor)
    member = falcon.owner if old is OWNER else await falcon.member(old)
    if refusal:
        assert await falcon.refused(who.caller, CHANGE_ROLE, id=member.id, role=new.value) == refusal
        assert (await falcon.roles())[member.email] == old
    else:
        done = await who.caller.run(CHANGE_ROLE, id=member.id, role=new.value)
        assert done["memberRoleChange"] == {"member": {"id": member.id, "role": new.value}, "errors": []}
        assert (await falcon.roles())[member.email] == new


@pytest.mark.parametrize(("actor", "of", "refusal"), [pytest.param(*case, id=_named(case)) for case in REMOVALS])
async def test_a_member_is_removed_by_who_may_take_the_role(
    actor: TenantRole, of: TenantRole, refusal: tuple[str, list[str]] | None, falcon: Team
) -> None:
    who = falcon.owner if actor is OWNER else await falcon.member(actor)
    member = falcon.owner if of is OWNER else await falcon.member(of)
    if refusal:
        assert await falcon.refused(who.caller, REMOVE, id=member.id) == refusal
        assert (await falcon.roles())[member.email] == of
    else:
        done = await who.caller.run(REMOVE, id=member.id)
        assert done["memberRemove"] == {"removedId": member.id, "errors": []}
        assert member.email not in await falcon.roles()


async def test_az_09_nobody_promotes_themselves(falcon: Team) -> None:
    administrator, developer = await falcon.member(ADMINISTRATOR), await falcon.member(DEVELOPER)
    refusal = await falcon.refused(administrator.caller, CHANGE_ROLE, id=administrator.id, role="OWNER")
    assert refusal == (BY_OWNER, ["id"])
    assert await developer.caller.codes(CHANGE_ROLE, id=developer.id, role="ADMINISTRATOR") == ["FORBIDDEN"]
    roles = {falcon.owner.email: "OWNER", administrator.email: "ADMINISTRATOR", developer.email: "DEVELOPER"}
    assert await falcon.roles() == roles


async def test_an_administrator_may_leave_and_the_owner_may_not(falcon: Team) -> None:
    administrator = await falcon.member(ADMINISTRATOR)
    done = await administrator.caller.run(REMOVE, id=administrator.id)
    assert done["memberRemove"] == {"removedId": administrator.id, "errors": []}
    assert await falcon.refused(falcon.owner.caller, REMOVE, id=falcon.owner.id) == (BY_TRANSFER, ["id"])
    assert await falcon.roles() == {falcon.owner.email: "OWNER"}


@pytest.mark.parametrize("role", ["OWNER", "ADMINISTRATOR"])
async def test_az_09_an_administrator_invites_no_administrator_and_nobody_an_owner(role: str, falcon: Team) -> None:
    administrator = await falcon.member(ADMINISTRATOR)
    code = BY_TRANSFER if role == "OWNER" else BY_OWNER
    refusal = await falcon.refused(administrator.caller, INVITE, email="bea@example.com", role=role)
    assert refusal == (code, ["input", "role"])
    refusal = await falcon.refused(falcon.owner.caller, INVITE, email="bea@example.com", role="OWNER")
    assert refusal == (BY_TRANSFER, ["input", "role"])


async def test_az_09_an_administrator_touches_no_invitation_of_an_administrator(falcon: Team) -> None:
    administrator = await falcon.member(ADMINISTRATOR)
    await falcon.invite("bea@example.com", "ADMINISTRATOR")
    (invitation,) = (await administrator.caller.run(INVITATIONS))["invitations"]
    for text in (RESEND, REVOKE):
        assert await falcon.refused(administrator.caller, text, id=invitation["id"]) == (BY_OWNER, ["id"])


@pytest.mark.parametrize("name", ["role", "tenantId", "scopes", "price", "id", "personId"])
async def test_az_08_what_an_input_does_not_hold_cannot_be_smuggled_into_it(name: str, falcon: Team) -> None:
    inputs = {
        "contactCreate": 'number: "+12025550199"',
        "memberInvite": 'email: "a@b.example", role: SUPPORT',
        "apiClientCreate": 'name: "x", scopes: ["usage:read"]',
    }
    texts = [
        f'mutation {{ {mutation}(input: {{{given}, {name}: "x"}}) {{ errors {{ code }} }} }}'
        for mutation, given in inputs.items()
        if f"{name}:" not in given
    ]
    for text in texts:
        errors = (await falcon.owner.caller.post(query=text)).json()["errors"]
        assert errors[0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert await falcon.mails() == []


async def test_a_removed_member_is_out_on_the_next_request(falcon: Team) -> None:
    developer = await falcon.member(DEVELOPER)
    assert (await developer.caller.run(ME))["viewer"]["tenant"] == {"name": "Falcon Flights"}
    await falcon.owner.caller.run(REMOVE, id=developer.id)
    found = (await developer.caller.run(ME))["viewer"]
    assert (found["tenant"], found["permissions"], found["memberships"]) == (None, [], [])
    assert await developer.caller.codes("{ contacts { nodes { id } } }") == ["FORBIDDEN"]


async def test_what_acts_for_a_removed_member_is_out_too(product: Product, falcon: Team) -> None:
    developer = await falcon.member(DEVELOPER)
    async with application_of(product, developer.caller, Permission.CONTACTS_READ) as application:
        assert (await application.run("{ contacts { nodes { id } } }"))["contacts"] == {"nodes": []}
        await falcon.owner.caller.run(REMOVE, id=developer.id)
        assert (await application.post(query="{ contacts { nodes { id } } }")).status_code == 401


async def test_a_demoted_administrator_whose_change_was_on_its_way_changes_nothing_any_more(falcon: Team) -> None:
    administrator, developer = await falcon.member(ADMINISTRATOR), await falcon.member(DEVELOPER)
    demoted, changed = await asyncio.gather(
        falcon.owner.caller.run(CHANGE_ROLE, id=administrator.id, role="SUPPORT"),
        administrator.caller.post(query=CHANGE_ROLE, variables={"id": developer.id, "role": "SUPPORT"}),
    )
    assert demoted["memberRoleChange"]["errors"] == []
    payload = changed.json()["data"]["memberRoleChange"]
    was_first = payload is not None and payload["errors"] == []
    roles = await falcon.roles()
    assert roles[administrator.email] == "SUPPORT"
    assert roles[developer.email] == ("SUPPORT" if was_first else "DEVELOPER")


async def test_of_many_changes_of_one_role_at_once_each_is_whole(falcon: Team) -> None:
    member = await falcon.member(DEVELOPER)
    wanted = ["ADMINISTRATOR", "SUPPORT", "BILLING_MANAGER", "DEVELOPER"] * 2
    answers = await asyncio.gather(*(falcon.owner.caller.run(CHANGE_ROLE, id=member.id, role=role) for role in wanted))
    assert [answer["memberRoleChange"]["member"]["role"] for answer in answers] == wanted
    assert (await falcon.roles())[member.email] in wanted


async def test_of_two_who_remove_one_member_at_once_one_does(falcon: Team) -> None:
    member, administrator = await falcon.member(DEVELOPER), await falcon.member(ADMINISTRATOR)
    callers = (falcon.owner.caller, administrator.caller)
    answers = await asyncio.gather(*(caller.run(REMOVE, id=member.id) for caller in callers))
    codes = [[error["code"] for error in answer["memberRemove"]["errors"]] for answer in answers]
    assert sorted(codes) == [[], ["NOT_FOUND"]]


async def test_the_list_tells_who_was_here_and_who_has_a_second_factor(product: Product, falcon: Team) -> None:
    product.clock.advance(timedelta(hours=1))
    seen = product.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    developer = await falcon.member(DEVELOPER)
    async with product.database.as_role(DatabaseRole.AUTH) as tx:
        given = (await developer.caller.run(ME))["viewer"]["principal"]["id"]
        key = split_global(given)
        assert key is not None
        await set_totp(tx, product.box, key[1], pyotp.random_base32(), at=product.clock.now())
    administrator = await falcon.member(ADMINISTRATOR)
    found = (await administrator.caller.run(MEMBERS))["members"]
    told = {one["person"]["email"]: (one["role"], one["lastSeenAt"], one["secondFactor"]) for one in found}
    assert told == {
        administrator.email: ("ADMINISTRATOR", seen, False),
        developer.email: ("DEVELOPER", seen, True),
        falcon.owner.email: ("OWNER", seen, False),
    }


@pytest.mark.parametrize(("actor", "over"), list(pairs([*TenantRole, None], TenantRole)))
def test_the_rule_knows_every_pair_of_roles(actor: TenantRole | None, over: TenantRole) -> None:
    may = {OWNER: set(TenantRole) - {OWNER}, ADMINISTRATOR: {DEVELOPER, BILLING_MANAGER, SUPPORT}}
    if actor is not None and over in may.get(actor, set()):
        require_authority(actor, over)
    else:
        with pytest.raises(RefusedError):
            require_authority(actor, over)


async def test_who_asks_for_their_tenants_waits_for_no_second_connection(
    product: Product, falcon: Team, address: DatabaseAddress, simulator: str
) -> None:
    async with serve_product(address, product.clock, simulator, pool_size=2) as small:
        caller = await small.sign_in(falcon.owner.email)
        async with asyncio.timeout(20):  # each held one of the two and waited for another
            answers = await asyncio.gather(*(caller.run(ME) for _ in range(10)))
    assert [answer["viewer"]["memberships"] for answer in answers] == [[{"role": "OWNER", "current": True}]] * 10


async def test_an_application_learns_of_no_tenant_but_the_one_that_it_was_let_into(
    product: Product, falcon: Team, freestyle: Team
) -> None:
    developer = await falcon.member(DEVELOPER)
    await developer.caller.run(ACCEPT, token=await freestyle.invite(developer.email))
    assert len((await developer.caller.run(ME))["viewer"]["memberships"]) == 2
    async with application_of(product, developer.caller, Permission.CONTACTS_READ) as application:
        answer = await application.post(query="{ viewer { memberships { current tenant { name } } } }")
    memberships = answer.json()["data"]["viewer"]["memberships"]
    assert memberships == [{"current": True, "tenant": {"name": "Falcon Flights"}}]
