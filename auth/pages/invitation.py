"""The page behind an invitation's address: opening it changes nothing, a button accepts."""

import secrets
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from auth.authentication import SESSION_COOKIE
from auth.forms import read_form
from auth.invitations import PATH, role_in_words
from auth.invited import OpenInvitation
from auth.pages.page import Pages
from auth.passwords import SHORTEST_PASSWORD, password_problem
from auth.principal import Principal
from auth.services import AuthServices
from auth.sign_in_steps import go_to, with_session
from portal.audit.entries import Origin
from portal.problems import RefusedError

LEAVE_PATH = f"{PATH}/sign-out"
_LONGEST_NAME = 100
_NAME = f"Type your name, of at most {_LONGEST_NAME} characters."


class InvitationPages:
    """Shows the page, and answers its forms."""

    def __init__(self, services: AuthServices, pages: Pages) -> None:
        self._services = services
        self._pages = pages
        self._invited = services.invited

    async def show(self, request: Request) -> Response:
        """Who invites to what, and how to accept it."""
        token = request.query_params.get("token", "")
        invitation = await self._invited.find(token)
        return self._show(token, invitation, await self._services.authenticator.visitor(request))

    async def accept(self, request: Request) -> Response:
        """A membership for who is signed in, or an account with one; it goes on in the new tenant."""
        fields = await read_form(request)
        token = fields.get("token", "")
        invitation = await self._invited.find(token)
        visitor = await self._services.authenticator.visitor(request)
        if invitation is None or (visitor and visitor.email != invitation.email):
            return self._show(token, invitation, visitor)
        try:
            if visitor is not None:
                return await self._join(request, token, visitor)
            if invitation.has_account or not self._services.sign_in_methods.password:
                return self._show(token, invitation, None)
            return await self._begin(request, token, invitation, fields)
        except RefusedError:  # somebody was quicker
            return self._show(token, None, visitor)

    async def leave(self, request: Request) -> Response:
        """Sign out, to come back as the person who was invited."""
        if secret := request.cookies.get(SESSION_COOKIE):
            await self._services.sessions.end(secret)
        response = go_to(_address(str((await read_form(request)).get("token", ""))))
        response.delete_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
        return response

    async def _join(self, request: Request, token: str, visitor: Principal) -> Response:
        origin = Origin(visitor.actor, secrets.token_hex(16), _host(request))
        tenant_id = await self._invited.accept(token, visitor, origin)
        session = await self._services.sessions.switch(request.cookies[SESSION_COOKIE], str(tenant_id))
        return with_session(go_to("/"), session) if session else go_to("/")

    async def _begin(
        self, request: Request, token: str, invitation: OpenInvitation, fields: dict[str, str]
    ) -> Response:
        name, password = fields.get("name", "").strip(), fields.get("password", "")
        error = password_problem(password, email=invitation.email, product_name=self._services.product_name)
        if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable():
            error = _NAME
        if error:
            return self._show(token, invitation, None, status=400, name=name, error=error)
        password_hash = await self._services.passwords.hash(password)
        person_id = await self._invited.accept_with_new_account(
            token, name=name, password_hash=password_hash, request_id=secrets.token_hex(16), address=_host(request)
        )
        return await self._services.sign_in_steps.after_first_factor(request, person_id, "/")

    def _show(
        self,
        token: str,
        invitation: OpenInvitation | None,
        visitor: Principal | None,
        *,
        status: int = 200,
        name: str = "",
        error: str = "",
    ) -> Response:
        return self._pages.show(
            "invitation.html",
            status=status if invitation else 404,
            token=token,
            return_to=_address(token),
            invitation=invitation,
            role=role_in_words(invitation.role) if invitation else "",
            visitor=visitor,
            name=name,
            error=error,
            shortest=SHORTEST_PASSWORD,
        )


def _address(token: str) -> str:
    return f"{PATH}?{urlencode({'token': token})}"


def _host(request: Request) -> str | None:
    return request.client.host if request.client else None
