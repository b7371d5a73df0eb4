"""The addresses of this room: signing in, the authorization server, and what others read to check tokens."""

import functools

from starlette.routing import Route

from auth.external.pages import external_routes
from auth.invitations import PATH
from auth.mailed_links import RESET_PATH, VERIFY_PATH
from auth.pages.account import ACCOUNT_PATH, CONFIRM_PATH, SET_UP_PATH, AccountPages
from auth.pages.invitation import LEAVE_PATH, InvitationPages
from auth.pages.mailed_links import MailedLinkPages
from auth.pages.page import passkey_script, style
from auth.pages.sign_in import SignInPages
from auth.services import AuthServices
from auth.sign_in_steps import ENROL_PATH, SECOND_FACTOR_PATH


def auth_routes(services: AuthServices) -> list[Route]:
    """Every route of this room."""
    return [
        *_sign_in_routes(services),
        *(_password_routes(services) if services.sign_in_methods.password else ()),
        *_account_routes(services),
        *external_routes(services),
        *_invitation_routes(services),
        *services.oauth.routes(),
    ]


def _sign_in_routes(services: AuthServices) -> list[Route]:
    sign_in = SignInPages(services, services.pages)
    own = services.pages.from_own_page
    return [
        Route("/sign-in", sign_in.show, methods=["GET"]),
        Route(SECOND_FACTOR_PATH, sign_in.show_second_factor, methods=["GET"]),
        Route(SECOND_FACTOR_PATH, own(sign_in.second_factor), methods=["POST"]),
        Route(ENROL_PATH, sign_in.show_enrolment, methods=["GET"]),
        Route(ENROL_PATH, own(sign_in.enrol), methods=["POST"]),
        Route("/sign-in/style.css", style, methods=["GET"]),
        Route("/sign-in/passkey.js", passkey_script, methods=["GET"]),
        Route("/sign-out", own(sign_in.sign_out), methods=["POST"]),
        Route("/session/tenant", own(sign_in.choose_tenant), methods=["POST"]),
    ]


def _password_routes(services: AuthServices) -> list[Route]:
    sign_in, account = SignInPages(services, services.pages), AccountPages(services, services.pages)
    mailed, own = MailedLinkPages(services, services.pages), services.pages.from_own_page
    return [
        Route("/sign-in", own(sign_in.sign_in), methods=["POST"]),
        Route("/password/forgotten", mailed.show_forgotten, methods=["GET"]),
        Route("/password/forgotten", own(mailed.forgotten), methods=["POST"]),
        Route(RESET_PATH, mailed.show_reset, methods=["GET"]),
        Route(RESET_PATH, own(mailed.reset), methods=["POST"]),
        Route(CONFIRM_PATH, own(account.confirm), methods=["POST"]),
        Route("/account/password", own(account.change_password), methods=["POST"]),
    ]


def _account_routes(services: AuthServices) -> list[Route]:
    account, mailed = AccountPages(services, services.pages), MailedLinkPages(services, services.pages)
    own = services.pages.from_own_page
    of_account = account.of_account
    proven = functools.partial(of_account, proven=True)
    return [
        Route(ACCOUNT_PATH, of_account(account.show), methods=["GET"]),
        Route(CONFIRM_PATH, of_account(account.show_confirmation), methods=["GET"]),
        Route(SET_UP_PATH, proven(account.show_set_up), methods=["GET"]),
        Route(SET_UP_PATH, own(proven(account.set_up)), methods=["POST"]),
        Route(f"{SET_UP_PATH}/remove", own(account.remove_factor), methods=["POST"]),
        Route("/account/recovery-codes", own(proven(account.recovery_codes)), methods=["POST"]),
        Route("/account/email", own(of_account(account.verify_email)), methods=["POST"]),
        Route("/account/sign-out-everywhere", own(of_account(account.sign_out_everywhere)), methods=["POST"]),
        Route("/account/applications/withdraw", own(of_account(account.withdraw)), methods=["POST"]),
        Route(VERIFY_PATH, mailed.show_verification, methods=["GET"]),
        Route(VERIFY_PATH, own(mailed.verify), methods=["POST"]),
    ]


def _invitation_routes(services: AuthServices) -> list[Route]:
    invitation = InvitationPages(services, services.pages)
    own = services.pages.from_own_page
    return [
        Route(PATH, invitation.show, methods=["GET"]),
        Route(PATH, own(invitation.accept), methods=["POST"]),
        Route(LEAVE_PATH, own(invitation.leave), methods=["POST"]),
    ]
