"""What the authorization server says about itself (RFC 8414): what it does, and nothing that it does not."""

from auth.oauth.authentication_method import AuthenticationMethod
from auth.oauth.authorization_endpoint import AUTHORIZATION_PATH
from auth.oauth.client_assertions import ALGORITHMS
from auth.oauth.server import GRANT_TYPES
from auth.oauth.token_endpoint import TOKEN_PATH
from auth.oauth.token_status import INTROSPECTION_PATH, REVOCATION_PATH
from auth.permissions import Permission

JWKS_PATH = "/.well-known/jwks.json"
METADATA_PATH = "/.well-known/oauth-authorization-server"


def server_metadata(issuer: str) -> dict[str, object]:
    """The metadata document of this issuer."""
    methods = [method.registered_name for method in AuthenticationMethod]
    confidential = [name for name in methods if name != "none"]
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}{AUTHORIZATION_PATH}",
        "token_endpoint": f"{issuer}{TOKEN_PATH}",
        "jwks_uri": f"{issuer}{JWKS_PATH}",
        "scopes_supported": [permission.scope for permission in Permission],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(GRANT_TYPES),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        **_endpoint("token_endpoint", methods),
        "revocation_endpoint": f"{issuer}{REVOCATION_PATH}",
        **_endpoint("revocation_endpoint", methods),
        "introspection_endpoint": f"{issuer}{INTROSPECTION_PATH}",
        **_endpoint("introspection_endpoint", confidential),
    }


def _endpoint(name: str, methods: list[str]) -> dict[str, object]:
    return {
        f"{name}_auth_methods_supported": methods,
        f"{name}_auth_signing_alg_values_supported": list(ALGORITHMS),
    }
