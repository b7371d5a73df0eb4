"""What the authorization server says about itself: the ids are those of the list of checks."""

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oauth2.rfc9207 import AuthorizationServerMetadata as IssuerMetadata

from auth.permissions import Permission
from tests.auth.house import House

METHODS = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"]
ALGORITHMS = ["ES256", "RS256", "Ed25519"]


async def test_as_38_as_50_the_metadata_names_what_there_is(house: House) -> None:
    answer = await house.http.get("/.well-known/oauth-authorization-server", headers={"Host": "evil.example.com"})
    url, found = house.public_url, answer.json()
    assert found == {
        "issuer": url,
        "authorization_endpoint": f"{url}/oauth/authorize",
        "token_endpoint": f"{url}/oauth/token",
        "revocation_endpoint": f"{url}/oauth/revoke",
        "introspection_endpoint": f"{url}/oauth/introspect",
        "jwks_uri": f"{url}/.well-known/jwks.json",
        "scopes_supported": [permission.scope for permission in Permission],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["client_credentials", "authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "token_endpoint_auth_methods_supported": METHODS,
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "introspection_endpoint_auth_methods_supported": METHODS[1:],
        "introspection_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
    }
    metadata = AuthorizationServerMetadata(found)
    for check in set(found) & set(AuthorizationServerMetadata.REGISTRY_KEYS):
        if check not in {"authorization_endpoint", "revocation_endpoint", "introspection_endpoint", "token_endpoint"}:
            getattr(metadata, f"validate_{check}")()
    IssuerMetadata(found).validate_authorization_response_iss_parameter_supported()


@pytest.mark.parametrize(
    ("endpoint", "status"),
    [
        pytest.param("authorization_endpoint", 400, id="AS-38 authorization"),
        pytest.param("jwks_uri", 200, id="AS-38 keys"),
        pytest.param("token_endpoint", 405, id="AS-38 token"),
        pytest.param("revocation_endpoint", 405, id="AS-38 revocation"),
        pytest.param("introspection_endpoint", 405, id="AS-38 introspection"),
    ],
)
async def test_each_endpoint_that_is_named_answers(house: House, endpoint: str, status: int) -> None:
    found = (await house.http.get("/.well-known/oauth-authorization-server")).json()[endpoint]
    assert found.startswith(house.public_url)
    assert (await house.http.get(found.removeprefix(house.public_url))).status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "/oauth/register",
        "/oauth/device_authorization",
        "/oauth/par",
        "/.well-known/openid-configuration",
    ],
)
async def test_what_is_not_there_is_not_found(house: House, path: str) -> None:
    assert (await house.http.post(path, data={"client_id": "x"})).status_code == 404
