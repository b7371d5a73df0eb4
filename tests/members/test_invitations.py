"""Invitations: one address, one tenant, once, for a while, and nobody learns anything from a refusal."""

import asyncio
import re
import secrets
from datetime import timedelta

import pytest

from auth.invitations import LIFETIME, MOST_MAILS_A_DAY, MOST_MAILS_TO_ONE_A_DAY, MOST_OPEN
from auth.permissions import StaffRole, TenantRole, machine_permissions
from portal.database import DatabaseRole
from portal.mail.queue import Mail
from tests.members.team import ACCEPT, INVITATIONS, INVITE, ME, REMOVE, RESEND, REVOKE, Team, person
from tests.product import Caller, Product
from tests.schema.rows import add_invitation, token_of
from tests.schema.world import contents_at

BEA = "bea@example.com"
INVALID = ("INVALID_INVITATION", ["token"])


async def test_an_invited_person_with_an_account_becomes_a_member_of_one_more_tenant(
    product: Product, falcon: Team, freestyle: Team
) -> None:
    bea = await person(product, BEA)
    await bea.run(ACCEPT, token=await falcon.invite(BEA, "BILLING_MANAGER"))
    done = await bea.run(ACCEPT, token=await freestyle.invite(BEA))
    membership = {"role": "DEVELOPER", "current": False, "tenant": {"name": "Freestyle Falcons"}}
    assert done["invitationAccept"] == {"membership": membership, "errors": []}
    assert (await falcon.roles())[BEA] == "BILLING_MANAGER"
    assert (await freestyle.roles())[BEA] == "DEVELOPER"
    found = (await product.sign_in(BEA)).run(ME)
    assert [one["role"] for one in (await found)["viewer"]["memberships"]] == ["BILLING_MANAGER", "DEVELOPER"]
    assert (await falcon.owner.caller.run(INVITATIONS))["invitations"] == []


async def test_the_mail_says_who_invites_to_what_and_holds_the_only_copy_of_the_secret(
    product: Product, falcon: Team
) -> None:
    made = await falcon.owner.caller.post(query=INVITE, variables={"email": "Bea@Example.com", "role": "SUPPORT"})
    (mail,) = await falcon.mails()
    token = await token_of(product, BEA)
    expiry = product.clock.now() + LIFETIME
    assert mail == Mail(
        BEA,
        "Owner invites you to Falcon Flights",
        "Owner invites you to Falcon Flights, in the role of Support.\n\nOpen this address to accept:\n\n"
        f"{product.url}/invitation?token={token}\n\n"
        f"It is for you alone, works once, and until {expiry:%Y-%m-%d %H:%M} UTC. "
        "If you did not expect it, do nothing.\n",
    )
    assert re.fullmatch(rf"{falcon.tenant_id.hex}\.[\w-]{{43}}", token)  # 256 random bits
    assert token.partition(".")[2] not in made.text
    (listed,) = (await falcon.owner.caller.run(INVITATIONS))["invitations"]
    assert (listed["email"], listed["role"], listed["invitedBy"]) == (BEA, "SUPPORT", {"email": falcon.owner.email})


async def test_who_accepts_is_written_into_the_tenants_log(product: Product, falcon: Team) -> None:
    bea = await person(product, BEA)
    await bea.run(ACCEPT, token=await falcon.invite(BEA))
    async with product.database.for_tenant(falcon.tenant_id, read_only=True) as tx:
        sql = "SELECT action, actor_name, changes FROM audit_entry WHERE tenant_id = $1 ORDER BY action DESC"
        entries = [tuple(row) for row in await tx.rows(sql, falcon.tenant_id)]
    assert entries == [
        ("memberInvite", "Owner", '{"role": "DEVELOPER", "email": "b•••@example.com"}'),
        ("invitationAccept", "Bea", '{"role": "DEVELOPER"}'),
    ]


async def _used(falcon: Team, bea: Caller) -> str:
    token = await falcon.invite(BEA)
    (member,) = [(await bea.run(ACCEPT, token=token))["invitationAccept"]]
    assert member["errors"] == []
    return token


async def _revoked(falcon: Team, _: Caller) -> str:
    token = await falcon.invite(BEA)
    (invitation,) = (await falcon.owner.caller.run(INVITATIONS))["invitations"]
    assert (await falcon.owner.caller.run(REVOKE, id=invitation["id"]))["invitationRevoke"]["errors"] == []
    return token


async def _sent_again(falcon: Team, _: Caller) -> str:
    token = await falcon.invite(BEA)
    (invitation,) = (await falcon.owner.caller.run(INVITATIONS))["invitations"]
    assert (await falcon.owner.caller.run(RESEND, id=invitation["id"]))["invitationResend"]["errors"] == []
    assert await token_of(falcon.product, BEA) != token
    return token


async def _expired(falcon: Team, _: Caller) -> str:
    token = await falcon.invite(BEA)
    falcon.product.clock.advance(LIFETIME)
    return token


async def _anothers(falcon: Team, _: Caller) -> str:
    return await falcon.invite("carl@example.com")


async def _guessed(falcon: Team, _: Caller) -> str:
    await falcon.invite(BEA)
    return f"{falcon.tenant_id.hex}.{secrets.token_urlsafe(32)}"


async def _of_another_tenant(falcon: Team, _: Caller) -> str:
    return f"{'0' * 32}.{(await falcon.invite(BEA)).partition('.')[2]}"


async def _malformed(_: Team, __: Caller) -> str:
    return "' OR true --"


async def _of_a_closed_tenant(falcon: Team, _: Caller) -> str:
    token = await falcon.invite(BEA)
    async with falcon.product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE tenant SET state = 'CLOSED' WHERE id = $1", falcon.tenant_id)
    return token


async def _of_a_member(falcon: Team, bea: Caller) -> str:
    token = await falcon.invite(BEA, "ADMINISTRATOR")
    async with falcon.product.database.for_tenant(falcon.tenant_id) as tx:
        sql = "UPDATE invitation SET email = $2 WHERE tenant_id = $1"
        await tx.execute(sql, falcon.tenant_id, "other@example.com")
    assert (await bea.run(ACCEPT, token=await falcon.invite(BEA, "SUPPORT")))["invitationAccept"]["errors"] == []
    async with falcon.product.database.for_tenant(falcon.tenant_id) as tx:
        sql = "UPDATE invitation SET email = $2 WHERE tenant_id = $1 AND accepted_at IS NULL"
        await tx.execute(sql, falcon.tenant_id, BEA)
    return token


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"TN-13 {case.__name__.strip('_').replace('_', ' ')}")
        for case in (
            _used,
            _revoked,
            _sent_again,
            _expired,
            _anothers,
            _guessed,
            _of_another_tenant,
            _malformed,
            _of_a_closed_tenant,
            _of_a_member,
        )
    ],
)
async def test_an_invitation_that_is_not_valid_is_answered_alike_and_changes_nothing(
    case: object, product: Product, falcon: Team
) -> None:
    assert callable(case)
    bea = await person(product, BEA)
    token = await case(falcon, bea)
    bea = await product.sign_in(BEA)  # the case may have turned the clock
    assert await falcon.refused(bea, ACCEPT, token=token) == INVALID


async def test_tn_13_an_invitation_of_one_tenant_is_accepted_while_signed_in_to_another(
    product: Product, falcon: Team, freestyle: Team
) -> None:
    token = await falcon.invite(freestyle.owner.email)
    done = await freestyle.owner.caller.run(ACCEPT, token=token)
    membership = {"role": "DEVELOPER", "current": False, "tenant": {"name": "Falcon Flights"}}
    assert done["invitationAccept"] == {"membership": membership, "errors": []}
    assert await freestyle.roles() == {freestyle.owner.email: "OWNER"}


async def test_tn_13_of_ten_who_accept_one_invitation_at_once_one_joins(product: Product, falcon: Team) -> None:
    bea, token = await person(product, BEA), await falcon.invite(BEA)
    answers = await asyncio.gather(*(bea.run(ACCEPT, token=token) for _ in range(10)))
    codes = [[error["code"] for error in answer["invitationAccept"]["errors"]] for answer in answers]
    assert sorted(codes) == [[]] + [["INVALID_INVITATION"]] * 9
    assert await falcon.roles() == {falcon.owner.email: "OWNER", BEA: "DEVELOPER"}


@pytest.mark.parametrize("who", ["machine", *StaffRole])
async def test_nobody_but_a_person_signed_in_accepts_for_themselves(who: str, product: Product, falcon: Team) -> None:
    token = await falcon.invite(BEA)
    if who == "machine":
        caller = await product.machine(falcon.tenant_id, machine_permissions(), created_by=None)
    else:
        caller = await product.member(None, StaffRole(who))
    before = await contents_at(falcon.place)
    (error,) = await caller.errors(ACCEPT, token=token)
    assert (error["extensions"]["code"], error["extensions"]["requiredScopes"]) == ("FORBIDDEN", [])
    assert await contents_at(falcon.place) == before


async def test_tn_12_an_address_that_has_an_account_or_an_invitation_elsewhere_is_like_any_other(
    product: Product, falcon: Team, freestyle: Team
) -> None:
    await person(product, BEA)
    await falcon.invite(BEA)
    answers = []
    for email in (BEA, falcon.owner.email, "nobody@example.com"):
        answer = (await freestyle.owner.caller.run(INVITE, email=email, role="SUPPORT"))["memberInvite"]
        assert answer["invitation"].pop("id")
        assert answer["invitation"].pop("email") == email
        answers.append(answer)
    assert answers == [{"invitation": {"role": "SUPPORT"}, "errors": []}] * 3
    texts = [mail.text for mail in await freestyle.mails() if "Freestyle" in mail.text]
    assert len({re.sub(r"token=\S+", "", text) for text in texts}) == 1


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("no address", ("INVALID", ["input", "email"])),
        ("a@b" + "c" * 252, ("INVALID", ["input", "email"])),
        ("a@b\r\nBcc: carl@example.com", ("INVALID", ["input", "email"])),
        ("carl@example.com", ("ALREADY_INVITED", ["input", "email"])),
        ("CARL@example.com", ("ALREADY_INVITED", ["input", "email"])),
    ],
)
async def test_an_address_that_cannot_be_invited_is_refused_with_the_reason(
    email: str, expected: tuple[str, list[str]], falcon: Team
) -> None:
    await falcon.invite("carl@example.com")
    assert await falcon.refused(falcon.owner.caller, INVITE, email=email, role="SUPPORT") == expected


async def test_a_member_is_not_invited_again(falcon: Team) -> None:
    expected = ("ALREADY_MEMBER", ["input", "email"])
    member = await falcon.member(TenantRole.SUPPORT)
    for email in (member.email, falcon.owner.email.upper()):
        assert await falcon.refused(falcon.owner.caller, INVITE, email=email, role="DEVELOPER") == expected


async def test_no_more_invitations_are_open_than_may_be_and_revoking_one_makes_room(falcon: Team) -> None:
    first = await add_invitation(falcon.owner.caller)
    for _ in range(MOST_OPEN - 1):
        await add_invitation(falcon.owner.caller)
    refusal = await falcon.refused(falcon.owner.caller, INVITE, email=BEA, role="SUPPORT")
    assert refusal == ("TOO_MANY_INVITATIONS", None)
    assert (await falcon.owner.caller.run(REVOKE, id=first))["invitationRevoke"] == {"revokedId": first, "errors": []}
    await falcon.invite(BEA)


async def test_an_address_gets_five_invitations_a_day_and_no_more(product: Product, falcon: Team) -> None:
    owner = falcon.owner.caller
    await falcon.invite(BEA)
    (invitation,) = (await owner.run(INVITATIONS))["invitations"]
    for _ in range(MOST_MAILS_TO_ONE_A_DAY - 2):
        assert (await owner.run(RESEND, id=invitation["id"]))["invitationResend"]["errors"] == []
    await owner.run(REVOKE, id=invitation["id"])
    await falcon.invite(BEA)  # what was revoked counts too
    (invitation,) = (await owner.run(INVITATIONS))["invitations"]
    assert len(await falcon.mails()) == MOST_MAILS_TO_ONE_A_DAY
    assert await falcon.refused(owner, RESEND, id=invitation["id"]) == ("TOO_MANY_MAILS", ["id"])
    await owner.run(REVOKE, id=invitation["id"])
    refusal = await falcon.refused(owner, INVITE, email=BEA, role="SUPPORT")
    assert refusal == ("TOO_MANY_MAILS", ["input", "email"])
    await falcon.invite("carl@example.com")  # others are not held up
    product.clock.advance(timedelta(days=1))
    await falcon.invite(BEA, by=await product.sign_in(falcon.owner.email))


async def test_a_tenant_sends_so_many_invitations_a_day_and_no_more(falcon: Team) -> None:
    await falcon.invite(BEA)
    async with falcon.product.database.for_tenant(falcon.tenant_id) as tx:
        mailed = "email = 'x', mailed_at = array_fill($2::timestamptz, ARRAY[$3::int])"
        sql = f"UPDATE invitation SET {mailed} WHERE tenant_id = $1"  # noqa: S608  constants
        await tx.execute(sql, falcon.tenant_id, falcon.product.clock.now(), MOST_MAILS_A_DAY)
    refusal = await falcon.refused(falcon.owner.caller, INVITE, email="carl@example.com", role="SUPPORT")
    assert refusal == ("TOO_MANY_MAILS", None)


async def test_of_ten_who_invite_one_address_at_once_one_does(falcon: Team) -> None:
    caller = falcon.owner.caller
    answers = await asyncio.gather(*(caller.run(INVITE, email=BEA, role="SUPPORT") for _ in range(10)))
    codes = [[error["code"] for error in answer["memberInvite"]["errors"]] for answer in answers]
    assert sorted(codes) == [[]] + [["ALREADY_INVITED"]] * 9
    assert len(await falcon.mails()) == 1


async def test_an_invitation_that_expired_is_sent_again_or_made_anew(product: Product, falcon: Team) -> None:
    await falcon.invite(BEA)
    product.clock.advance(LIFETIME + timedelta(seconds=1))
    owner = await product.sign_in(falcon.owner.email)
    (old,) = (await owner.run(INVITATIONS))["invitations"]
    resent = (await owner.run(RESEND, id=old["id"]))["invitationResend"]
    assert resent["errors"] == []
    assert resent["invitation"]["expiresAt"] > old["expiresAt"]
    bea = await person(product, BEA)
    assert (await bea.run(ACCEPT, token=await token_of(product, BEA)))["invitationAccept"]["errors"] == []
    await falcon.invite("carl@example.com", by=owner)
    product.clock.advance(LIFETIME + timedelta(seconds=1))
    owner = await product.sign_in(falcon.owner.email)
    await falcon.invite("carl@example.com", "SUPPORT", by=owner)
    (new,) = (await owner.run(INVITATIONS))["invitations"]
    assert (new["email"], new["role"]) == ("carl@example.com", "SUPPORT")


async def test_what_a_removed_administrator_has_open_ends(product: Product, falcon: Team) -> None:
    administrator = await falcon.member(TenantRole.ADMINISTRATOR)
    token = await falcon.invite(BEA, by=administrator.caller)
    removed = (await falcon.owner.caller.run(REMOVE, id=administrator.id))["memberRemove"]
    assert removed == {"removedId": administrator.id, "errors": []}
    assert (await falcon.owner.caller.run(INVITATIONS))["invitations"] == []
    assert await falcon.refused(await person(product, BEA), ACCEPT, token=token) == INVALID
