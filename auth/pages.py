"""The pages and forms of signing in and out; they work without JavaScript."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import orjson
from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response

from auth.authentication import SESSION_COOKIE
from auth.forms import FORM, BadFormError, media_type, read_body, read_form
from auth.same_origin import is_own_path, is_same_origin, origin_of
from auth.services import AuthServices

_HERE = Path(__file__).parent
_WRONG = "E-mail address or password is wrong."
_TOO_OFTEN = "Too many failed attempts. Wait {minutes} minutes, then try again."
_FORGED = "This form was not sent from the portal's own page. Open the portal and try again."
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # Under no-referrer browsers send "Origin: null" with a form, even to the page's own origin (Fetch, 3.2).
    "Referrer-Policy": "same-origin",
}

Handler = Callable[[Request], Awaitable[Response]]


class SignInPages:
    """Shows the sign-in page, and answers its forms."""

    def __init__(self, services: AuthServices) -> None:
        self._services = services
        self._origin = origin_of(services.public_url)
        templates = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True)
        self._page = templates.get_template("sign_in.html")

    async def show(self, request: Request) -> Response:
        """The page; `return_to` is where to go afterwards."""
        return self._show(return_to=request.query_params.get("return_to", "/"))

    async def style(self, _: Request) -> Response:
        """The page's style."""
        headers = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}
        return FileResponse(_HERE / "static" / "sign-in.css", headers=headers)

    async def sign_in(self, request: Request) -> Response:
        """A session for the right e-mail address and password; 303, so that no browser sends the password again."""
        fields = await read_form(request)
        email, return_to = fields.get("email", ""), fields.get("return_to", "/")
        address = request.client.host if request.client else ""
        outcome = await self._services.sign_in.check(email, fields.get("password", ""), address=address)
        if outcome.seconds_to_wait:
            error = _TOO_OFTEN.format(minutes=outcome.seconds_to_wait // 60 + 1)
            response = self._show(status=429, email=email, return_to=return_to, error=error)
            response.headers["Retry-After"] = str(outcome.seconds_to_wait)
            return response
        if outcome.person_id is None:
            return self._show(status=401, email=email, return_to=return_to, error=_WRONG)
        old = request.cookies.get(SESSION_COOKIE)
        secret = await self._services.sessions.start(outcome.person_id, instead_of=old)
        return _with_session(_go_to(return_to), secret)

    async def sign_out(self, request: Request) -> Response:
        """End the session, if there is one."""
        if secret := request.cookies.get(SESSION_COOKIE):
            await self._services.sessions.end(secret)
        response = _go_to("/sign-in")
        response.delete_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
        return response

    async def choose_tenant(self, request: Request) -> Response:
        """Go on in another of one's tenants, named by id or slug: a form is answered with 303, JSON with 204."""
        fields = await _fields(request)
        secret = request.cookies.get(SESSION_COOKIE)
        if not secret or await self._services.sessions.find(secret) is None:
            return PlainTextResponse("The session has ended: sign in again.", 401, _HEADERS)
        new = await self._services.sessions.switch(secret, fields.get("tenant", ""))
        if new is None:
            return PlainTextResponse("There is no such tenant.", 404, _HEADERS)
        by_form = media_type(request) == FORM
        return _with_session(_go_to(fields.get("return_to", "/")) if by_form else Response(None, 204, _HEADERS), new)

    def from_own_page(self, handler: Handler) -> Handler:
        """The handler, behind the proof that the portal's own page sent the request, and that its body can be read."""

        async def guarded(request: Request) -> Response:
            if not is_same_origin(request, self._origin):
                return PlainTextResponse(_FORGED, 403, _HEADERS)
            try:
                return await handler(request)
            except BadFormError as error:
                return PlainTextResponse(str(error), error.status, _HEADERS)

        return guarded

    def _show(self, *, return_to: str, status: int = 200, email: str = "", error: str = "") -> Response:
        shown = self._page.render(
            product_name=self._services.product_name,
            return_to=return_to if is_own_path(return_to) else "/",
            email=email,
            error=error,
        )
        return HTMLResponse(shown, status, _HEADERS)


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


def _go_to(path: str) -> Response:
    return RedirectResponse(path if is_own_path(path) else "/", 303, _HEADERS)


def _with_session(response: Response, secret: str) -> Response:
    response.set_cookie(SESSION_COOKIE, secret, path="/", secure=True, httponly=True, samesite="lax")
    return response
