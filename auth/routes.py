"""The addresses of this room: signing in, the token endpoint, and what others read to check tokens."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from auth.external.pages import external_routes
from auth.pages.page import Pages, passkey_script, style
from auth.pages.sign_in import SignInPages
from auth.permissions import Permission, machine_permissions
from auth.server import CLIENT_AUTHENTICATION, GRANT_TYPES
from auth.services import TOKEN_PATH, AuthServices
from auth.sign_in_steps import ENROL_PATH, SECOND_FACTOR_PATH

JWKS_PATH = "/.well-known/jwks.json"
_FOR_A_WHILE = {"Cache-Control": "public, max-age=60"}  # no longer than a validator may believe a withdrawn key


def auth_routes(services: AuthServices) -> list[Route]:
    """Every route of this room."""
    pages = Pages(
        product_name=services.product_name,
        public_url=services.public_url,
        sign_in_methods=services.sign_in_methods,
    )

    async def metadata(_: Request) -> Response:
        return JSONResponse(server_metadata(services.public_url), headers=_FOR_A_WHILE)

    async def jwks(_: Request) -> Response:
        return JSONResponse(await services.keys.jwks(), headers=_FOR_A_WHILE)

    return [
        *_sign_in_routes(services, pages),
        *external_routes(services, pages),
        Route(TOKEN_PATH, services.token_endpoint.answer, methods=["POST"]),
        Route("/.well-known/oauth-authorization-server", metadata, methods=["GET"]),
        Route(JWKS_PATH, jwks, methods=["GET"]),
    ]


def _sign_in_routes(services: AuthServices, pages: Pages) -> list[Route]:
    sign_in = SignInPages(services, pages)
    own = pages.from_own_page
    return [
        Route("/sign-in", sign_in.show, methods=["GET"]),
        *([Route("/sign-in", own(sign_in.sign_in), methods=["POST"])] if services.sign_in_methods.password else []),
        Route(SECOND_FACTOR_PATH, sign_in.show_second_factor, methods=["GET"]),
        Route(SECOND_FACTOR_PATH, own(sign_in.second_factor), methods=["POST"]),
        Route(ENROL_PATH, sign_in.show_enrolment, methods=["GET"]),
        Route(ENROL_PATH, own(sign_in.enrol), methods=["POST"]),
        Route("/sign-in/style.css", style, methods=["GET"]),
        Route("/sign-in/passkey.js", passkey_script, methods=["GET"]),
        Route("/sign-out", own(sign_in.sign_out), methods=["POST"]),
        Route("/session/tenant", own(sign_in.choose_tenant), methods=["POST"]),
    ]


def server_metadata(issuer: str) -> dict[str, object]:
    """The authorization server's metadata (RFC 8414): what it does, and nothing that it does not."""
    machine = machine_permissions()
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}{TOKEN_PATH}",
        "jwks_uri": f"{issuer}{JWKS_PATH}",
        "scopes_supported": [permission.scope for permission in Permission if permission in machine],
        "response_types_supported": [],
        "grant_types_supported": list(GRANT_TYPES),
        "token_endpoint_auth_methods_supported": list(CLIENT_AUTHENTICATION),
    }
