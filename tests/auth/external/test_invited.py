"""The whole product with a provider in its settings: somebody is invited, and joins without ever having a password."""

from urllib.parse import quote, urlencode

import httpx2

from auth.authentication import PROOF_HEADER, SESSION_COOKIE
from auth.external.transaction import TRANSACTION_COOKIE
from auth.permissions import TenantRole
from portal.database.address import DatabaseAddress
from tests.auth.external.browser import CALLBACK, leaving_to, parameters
from tests.auth.external.lying_provider import SECRET, LyingProvider
from tests.auth.house import cookies_of
from tests.members.team import INVITE, ME
from tests.product import Caller, product
from tests.schema.rows import token_of
from tests.turnable_clock import TurnableClock

BEA = "bea@example.com"


async def test_whoever_is_invited_joins_by_the_provider_alone(
    address: DatabaseAddress, clock: TurnableClock, simulator: str, liar: LyingProvider
) -> None:
    liar.claims = {"email": BEA, "name": "Bea Blum"}
    told = {"oidc_issuer": liar.issuer, "oidc_client_id": "the-portal", "oidc_client_secret": SECRET}
    async with (
        product(address, clock, simulator, **told, oidc_name="Falcon ID") as served,
        httpx2.AsyncClient(
            base_url=served.url, trust_env=False, headers={"Sec-Fetch-Site": "same-origin"}, timeout=60
        ) as http,
    ):
        tenant = await served.tenant()
        owner = await served.member(tenant.id, TenantRole.OWNER)
        await owner.run(INVITE, email=BEA, role="DEVELOPER")
        token = await token_of(served, BEA)
        invitation = f"/invitation?token={quote(token)}"
        assert "Go on with Falcon ID" in (await http.get(invitation)).text

        left = await http.post("/sign-in/external", data={"return_to": invitation})
        asked = parameters(leaving_to(left))
        back = urlencode({"code": asked["nonce"], "state": asked["state"], "iss": liar.issuer})
        transaction = f"{TRANSACTION_COOKIE}={cookies_of(left)[TRANSACTION_COOKIE]}"
        came = await http.get(f"{CALLBACK}?{back}", headers={"Cookie": transaction})
        assert (came.status_code, came.headers["location"]) == (303, invitation)

        bea = {"Cookie": f"{SESSION_COOKIE}={cookies_of(came)[SESSION_COOKIE]}"}
        assert "You are signed in as Bea Blum" in (await http.get(invitation, headers=bea)).text
        joined = await http.post("/invitation", data={"token": token}, headers=bea)
        session = f"{SESSION_COOKIE}={cookies_of(joined)[SESSION_COOKIE]}"
        caller = Caller(
            f"{served.url}/graphql", {"Cookie": session, PROOF_HEADER: "1", "Sec-Fetch-Site": "same-origin"}
        )
        viewer = (await caller.run(ME))["viewer"]
    assert viewer["tenant"] == {"name": "Falcon Flights"}
    assert viewer["principal"]["email"] == BEA
    assert viewer["memberships"] == [{"role": "DEVELOPER", "current": True}]
