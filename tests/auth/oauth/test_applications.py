"""What may be registered as an application, and what may not."""

from dataclasses import replace
from typing import Any

import pytest
from joserfc.jwk import ECKey

from auth.oauth.applications import ApplicationOffer, add_application, list_applications
from auth.oauth.authentication_method import AuthenticationMethod
from auth.permissions import Permission
from portal.database import DatabaseRole
from tests.auth.house import House

OFFER = ApplicationOffer("Booking helper", ["https://app.example.com/cb"], frozenset({Permission.USAGE_READ}))
KEY = ECKey.generate_key("P-256", auto_kid=True)
BY_KEY = AuthenticationMethod.PRIVATE_KEY_JWT


def _keys(*, private: bool) -> dict[str, Any]:
    return {"keys": [KEY.as_dict(private=private)]}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": " "}, "a name that can be printed"),
        ({"name": "Booking\nhelper"}, "a name that can be printed"),
        ({"redirect_uris": []}, "needs a redirect URI"),
        ({"redirect_uris": ["http://app.example.com/cb"]}, "a redirect URI is https://…"),
        ({"redirect_uris": ["https:///cb"]}, "a redirect URI is https://…"),
        ({"redirect_uris": ["https://app.example.com:x/cb"]}, "has to be an address"),
        ({"redirect_uris": ["https://app.example.com/*"]}, "one exact address"),
        ({"redirect_uris": ["https://app.example.com/cb#x"]}, "one exact address"),
        ({"redirect_uris": ["https://app.example.com/c b"]}, "one exact address"),
        ({"redirect_uris": ["https://app.example.com/\u00e4"]}, "printable ASCII"),
        ({"redirect_uris": ["https://app.example.com/" + "x" * 2000]}, "at most 2,000 characters"),
        ({"redirect_uris": ["https://user@app.example.com/cb"]}, "no user name"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "a redirect URI is https://…"),
        ({"redirect_uris": ["data:text/html,x"]}, "a redirect URI is https://…"),
        ({"redirect_uris": ["com.example.app://host/cb"]}, "a redirect URI is https://…"),
        ({"redirect_uris": [*OFFER.redirect_uris, "http://10.0.0.1/cb"]}, "a redirect URI is https://…"),
        ({"permissions": frozenset()}, "needs a scope"),
        ({"permissions": frozenset({Permission.TENANTS_READ})}, "for tenants may hold tenants:read"),
        ({"permissions": frozenset({Permission.MEMBERS_WRITE}), "for_staff": True}, "for staff may hold members:write"),
        ({"authentication": BY_KEY}, "public keys go with private_key_jwt"),
        ({"public_keys": _keys(private=False)}, "public keys go with private_key_jwt"),
        ({"authentication": BY_KEY, "public_keys": _keys(private=True)}, "A private or symmetric key was sent"),
        ({"authentication": BY_KEY, "public_keys": {"keys": []}}, "Send a JSON Web Key Set"),
    ],
)
async def test_what_must_not_be_registered_is_refused(shared_house: House, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        async with shared_house.database.as_role(DatabaseRole.AUTH) as tx:
            await add_application(tx, shared_house.clock.now(), replace(OFFER, **change))
    async with shared_house.database.as_role(DatabaseRole.AUTH) as tx:
        assert await list_applications(tx) == []


async def test_an_application_gets_a_secret_where_it_proves_itself_by_one(house: House) -> None:
    for method, has_secret in (
        (AuthenticationMethod.NONE, False),
        (AuthenticationMethod.CLIENT_SECRET_BASIC, True),
        (AuthenticationMethod.CLIENT_SECRET_POST, True),
        (BY_KEY, False),
    ):
        keys = _keys(private=False) if method is BY_KEY else None
        async with house.database.as_role(DatabaseRole.AUTH) as tx:
            offer = replace(OFFER, authentication=method, public_keys=keys)
            made = await add_application(tx, house.clock.now(), offer)
            stored = await tx.row("SELECT * FROM oauth_application WHERE client_id = $1", made.client_id)
        assert bool(made.client_secret) is has_secret
        assert stored is not None
        assert bool(stored["secret_hash"]) is has_secret
        assert not made.client_secret or made.client_secret not in str(dict(stored))
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        assert {each.authentication for each in await list_applications(tx)} == set(AuthenticationMethod)
