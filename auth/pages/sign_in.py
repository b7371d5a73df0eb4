"""Signing in step by step, signing out, and going on in another tenant."""

import logging

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from auth.authentication import SESSION_COOKIE
from auth.forms import FORM, BadFormError, media_type, read_body, read_form
from auth.pages.page import HEADERS, Pages
from auth.same_origin import is_own_path
from auth.services import AuthServices
from auth.sign_in_steps import ENROL_PATH, SECOND_FACTOR_PATH, PendingSignIn, go_to, with_session
from auth.throttle import Purpose, address_of

_log = logging.getLogger(__name__)
_WRONG = "E-mail address or password is wrong."
_TOO_LATE = "That took too long, or was finished elsewhere: sign in again."
_NOTICES = {"password": "Your new password is set. Sign in with it."}
_WRONG_FACTOR = "That is not right, or was used before. A code of the app is good once: wait for the next one."
_WRONG_SET_UP = "That is not right. Type the six digits that the app shows now, or try the passkey again."


class SignInPages:
    """Shows the pages, and answers their forms."""

    def __init__(self, services: AuthServices, pages: Pages) -> None:
        self._services = services
        self._pages = pages
        self._steps = services.sign_in_steps
        self._factors = services.second_factors

    async def show(self, request: Request) -> Response:
        """The first page; `return_to` is where to go afterwards."""
        notice = _NOTICES.get(request.query_params.get("notice", ""), "")
        return self._first(request.query_params.get("return_to", "/"), notice=notice)

    async def sign_in(self, request: Request) -> Response:
        """What follows the right e-mail address and password; 303, so that no browser sends the password again."""
        fields = await read_form(request)
        email, return_to = fields.get("email", ""), fields.get("return_to", "/")
        outcome = await self._services.sign_in.check(email, fields.get("password", ""), address=address_of(request))
        if outcome.seconds_to_wait:
            return self._first(return_to, email=email, wait=outcome.seconds_to_wait)
        if outcome.person_id is None:
            return self._first(return_to, status=401, email=email, error=_WRONG)
        return await self._steps.after_first_factor(request, outcome.person_id, return_to)

    async def show_second_factor(self, request: Request) -> Response:
        """The page that asks for the second factor."""
        async with self._steps.pending(request) as pending:
            return await self._second(pending) if pending else self._too_late()

    async def second_factor(self, request: Request) -> Response:
        """The session for the right code, recovery code or passkey."""
        fields, address = await read_form(request), address_of(request)
        async with self._steps.pending(request) as pending:
            if pending is None:
                return self._too_late()
            person = str(pending.person_id)
            if wait := await self._services.throttle.attempt(Purpose.SECOND_FACTOR, person, address):
                return await self._second(pending, wait=wait)
            if not await self._factors.prove(pending.tx, pending.ceremony, pending.person_id, fields):
                _log.info("second factor refused")
                return await self._second(pending, status=401, error=_WRONG_FACTOR)
            await self._services.throttle.succeeded(Purpose.SECOND_FACTOR, person, address)
            return await self._steps.complete(request, pending, go_to(pending.return_to))

    async def show_enrolment(self, request: Request) -> Response:
        """The page that sets up the first second factor, of whom that is required."""
        async with self._steps.pending(request) as pending:
            return await self._enrolment(pending) if pending else self._too_late()

    async def enrol(self, request: Request) -> Response:
        """The session, and the recovery codes once, for whoever set a second factor up."""
        fields = await read_form(request)
        async with self._steps.pending(request) as pending:
            if pending is None:
                return self._too_late()
            if pending.factors.count:  # setting up another is no way around the one there is
                return go_to(SECOND_FACTOR_PATH)
            if not await self._factors.add(pending.tx, pending.ceremony, pending.person_id, fields):
                return await self._enrolment(pending, status=400, error=_WRONG_SET_UP)
            codes = await self._factors.new_recovery_codes(pending.tx, pending.person_id)
            go_on = pending.return_to if is_own_path(pending.return_to) else "/"
            shown = self._pages.show("recovery_codes.html", codes=codes, go_on=go_on)
            return await self._steps.complete(request, pending, shown)

    async def sign_out(self, request: Request) -> Response:
        """End the session, if there is one."""
        if secret := request.cookies.get(SESSION_COOKIE):
            await self._services.sessions.end(secret)
        response = go_to("/sign-in")
        response.delete_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
        return response

    async def choose_tenant(self, request: Request) -> Response:
        """Go on in another of one's tenants, named by id or slug: a form is answered with 303, JSON with 204."""
        fields = await _fields(request)
        secret = request.cookies.get(SESSION_COOKIE)
        if not secret or await self._services.sessions.find(secret) is None:
            return PlainTextResponse("The session has ended: sign in again.", 401, HEADERS)
        new = await self._services.sessions.switch(secret, fields.get("tenant", ""))
        if new is None:
            return PlainTextResponse("There is no such tenant.", 404, HEADERS)
        by_form = media_type(request) == FORM
        return with_session(go_to(fields.get("return_to", "/")) if by_form else Response(None, 204, HEADERS), new)

    def _first(
        self, return_to: str, *, status: int = 200, email: str = "", notice: str = "", error: str = "", wait: int = 0
    ) -> Response:
        own = return_to if is_own_path(return_to) else "/"
        return self._pages.show(
            "sign_in.html", status=status, wait=wait, return_to=own, email=email, notice=notice, error=error
        )

    def _too_late(self) -> Response:
        return self._first("/", status=401, error=_TOO_LATE)

    async def _second(self, pending: PendingSignIn, *, status: int = 200, error: str = "", wait: int = 0) -> Response:
        if not pending.factors.count:
            return go_to(ENROL_PATH)
        options = ""
        if pending.factors.passkeys:
            options = await self._factors.passkey_request(pending.tx, pending.ceremony, pending.person_id)
        values = {"totp": pending.factors.totp, "passkey_options": options, "error": error}
        return self._pages.show("second_factor.html", status=status, script=bool(options), wait=wait, **values)

    async def _enrolment(self, pending: PendingSignIn, *, status: int = 200, error: str = "") -> Response:
        if pending.factors.count:
            return go_to(SECOND_FACTOR_PATH)
        email = pending.factors.email
        set_up = await self._factors.offer(pending.tx, pending.ceremony, pending.person_id, email)
        return self._pages.show("enrol.html", status=status, script=True, set_up=set_up, error=error)


async def _fields(request: Request) -> dict[str, str]:
    if media_type(request) != "application/json":
        return await read_form(request)
    try:
        fields = orjson.loads(await read_body(request))
    except ValueError:
        raise BadFormError(400, "The body is not JSON.") from None
    if not isinstance(fields, dict) or not all(isinstance(value, str) for value in fields.values()):
        raise BadFormError(400, "The body has to be an object of strings.")
    return fields
