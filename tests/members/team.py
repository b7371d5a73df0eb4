"""A tenant with the people in it, and what they send to change who belongs to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2

from auth.people import create_person
from auth.permissions import Permission, TenantRole
from auth.services import AuthServices
from portal.database import DatabaseRole
from portal.database.address import DatabaseAddress
from portal.mail.queue import Mail
from tests.auth.house import House
from tests.auth.oauth.third_party import register
from tests.factories import make_tenant
from tests.mailbox import mails
from tests.product import CHEAP_HASH, Caller, Product
from tests.schema.rows import token_of
from tests.schema.world import contents_at

ME = "{ viewer { tenant { name } permissions principal { ... on Person { id email } } memberships { role current } } }"
MEMBERS = "{ members { id role person { name email } lastSeenAt secondFactor } }"
INVITATIONS = "{ invitations { id email role invitedBy { email } expiresAt } }"
INVITE = """mutation ($email: EmailAddress!, $role: TenantRole!) {
  memberInvite(input: {email: $email, role: $role}) { invitation { id email role } errors { code path message } }
}"""
RESEND = """mutation ($id: ID!) {
  invitationResend(id: $id) { invitation { expiresAt invitedBy { email } } errors { code path message } }
}"""
REVOKE = "mutation ($id: ID!) { invitationRevoke(id: $id) { revokedId errors { code path message } } }"
ACCEPT = """mutation ($token: String!) {
  invitationAccept(token: $token) { membership { role current tenant { name } } errors { code path message } }
}"""
CHANGE_ROLE = """mutation ($id: ID!, $role: TenantRole!) {
  memberRoleChange(id: $id, role: $role) { member { id role } errors { code path message } }
}"""
REMOVE = "mutation ($id: ID!) { memberRemove(id: $id) { removedId errors { code path message } } }"
OFFER = """mutation ($id: ID!) {
  ownershipTransfer(toMemberId: $id) { transfer { id ownerName heirName } errors { code path message } }
}"""
TAKE_OVER = """mutation ($id: ID!) {
  ownershipAccept(transferId: $id) { membership { role current tenant { name } } errors { code path message } }
}"""
OFFERED = "{ viewer { ownershipOffer { id ownerName heirName expiresAt } } }"


@dataclass
class Member:
    """A person in a tenant, signed in."""

    id: str
    email: str
    caller: Caller


@dataclass
class Team:
    """A tenant and its Owner."""

    product: Product
    place: DatabaseAddress = field(repr=False)
    tenant_id: UUID
    owner: Member

    async def member(self, role: TenantRole) -> Member:
        """A new member, signed in."""
        caller = await self.product.member(self.tenant_id, role)
        email = (await caller.run(ME))["viewer"]["principal"]["email"]
        return await self.known(email, caller)

    async def known(self, email: str, caller: Caller) -> Member:
        """The member with this address."""
        found = (await self.owner.caller.run(MEMBERS))["members"]
        (member_id,) = [one["id"] for one in found if one["person"]["email"] == email]
        return Member(member_id, email, caller)

    async def roles(self) -> dict[str, str]:
        """What everybody is, by address, whoever the Owner is now."""
        async with self.product.database.for_tenant(self.tenant_id, read_only=True) as tx:
            rows = await tx.rows(
                "SELECT email, role FROM membership JOIN person ON person.id = person_id WHERE tenant_id = $1",
                self.tenant_id,
            )
        return {row["email"]: row["role"] for row in rows}

    async def invite(self, email: str, role: str = "DEVELOPER", *, by: Caller | None = None) -> str:
        """The token of a new invitation, from its mail."""
        made = await (by or self.owner.caller).run(INVITE, email=email, role=role)
        assert made["memberInvite"]["errors"] == []
        return await token_of(self.product, email)

    async def refused(self, caller: Caller, text: str, **variables: Any) -> tuple[str, list[str] | None]:
        """The code and path of the one error of a mutation that changed nothing and mailed nobody."""
        before, mailed = await contents_at(self.place), await self.mails()
        (payload,) = (await caller.run(text, **variables)).values()
        assert (await contents_at(self.place), await self.mails()) == (before, mailed)
        (error,) = payload.pop("errors")
        assert not any(payload.values())
        return error["code"], error["path"]

    async def mails(self) -> list[Mail]:
        """The mails that wait to be sent."""
        return await mails(self.product.database, self.product.box)


async def make_team(product: Product, place: DatabaseAddress, name: str) -> Team:
    """A new tenant; it has no number and no plan."""
    tenant_id = await make_tenant(product.database, product.clock, name=name)
    caller = await product.member(tenant_id, TenantRole.OWNER)
    email = (await caller.run(ME))["viewer"]["principal"]["email"]
    (member,) = (await caller.run(MEMBERS))["members"]
    return Team(product, place, tenant_id, Member(member["id"], email, caller))


@asynccontextmanager
async def application_of(product: Product, caller: Caller, *permissions: Permission) -> AsyncIterator[Caller]:
    """An application that acts for who is signed in as this caller, with these permissions."""
    services = AuthServices.build(
        database=product.database,
        clock=product.clock,
        secret_box=product.box,
        public_url=product.url,
        product_name="Owl Inc. messaging",
    )
    async with httpx2.AsyncClient(
        base_url=product.url, trust_env=False, verify=False, headers={"Sec-Fetch-Site": "same-origin"}
    ) as http:
        application = await register(House(product.database, product.clock, services, http), *permissions)
        session = caller.headers["Cookie"].partition("=")[2]
        tokens = await application.tokens(session, scope=" ".join(permission.scope for permission in permissions))
        yield Caller(caller.url, {"Authorization": f"Bearer {tokens['access_token']}"})


async def person(product: Product, email: str) -> Caller:
    """Somebody with an account and no tenant, signed in."""
    async with product.database.as_role(DatabaseRole.AUTH) as tx:
        await create_person(tx, product.clock.now(), email=email, name="Bea", password_hash=CHEAP_HASH)
    return await product.sign_in(email)
