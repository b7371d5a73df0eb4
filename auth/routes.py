"""The addresses of this room: signing in, the authorization server, and what others read to check tokens."""

from starlette.routing import Route

from auth.external.pages import external_routes
from auth.pages.page import passkey_script, style
from auth.pages.sign_in import SignInPages
from auth.services import AuthServices
from auth.sign_in_steps import ENROL_PATH, SECOND_FACTOR_PATH


def auth_routes(services: AuthServices) -> list[Route]:
    """Every route of this room."""
    return [
        *_sign_in_routes(services),
        *external_routes(services, services.pages),
        *services.oauth.routes(),
    ]


def _sign_in_routes(services: AuthServices) -> list[Route]:
    sign_in = SignInPages(services, services.pages)
    own = services.pages.from_own_page
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
