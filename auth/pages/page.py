"""What all pages of this room share: their look, their headers, and the proof that a form is the portal's own."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

from auth.external.settings import SignInMethods
from auth.forms import BadFormError
from auth.same_origin import is_same_origin, origin_of

_ROOM = Path(__file__).parent.parent
_FORGED = "This form was not sent from the portal's own page. Open the portal and try again."
_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # Under no-referrer browsers send "Origin: null" with a form, even to the page's own origin (Fetch, 3.2).
    "Referrer-Policy": "same-origin",
}
_WITH_SCRIPT = HEADERS | {"Content-Security-Policy": f"{_POLICY}; script-src 'self'"}
_OF_FILES = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}

Handler = Callable[[Request], Awaitable[Response]]


def _day(instant: datetime) -> str:
    return f"{instant:%d %B %Y}".lstrip("0")


_TEMPLATES = Environment(
    loader=FileSystemLoader(_ROOM / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
_TEMPLATES.filters["day"] = _day


class Pages:
    """Renders the room's templates."""

    def __init__(self, *, product_name: str, public_url: str, sign_in_methods: SignInMethods) -> None:
        self._origin = origin_of(public_url)
        self._on_every_page = {
            "product_name": product_name,
            "provider": sign_in_methods.provider,
            "password_sign_in": sign_in_methods.password,
        }

    def show(
        self, template: str, *, status: int = 200, script: bool = False, wait: int = 0, **values: object
    ) -> Response:
        """A page; `script` lets the portal's own scripts run in it, `wait` tells of too many attempts (seconds)."""
        if wait:
            status, values["error"] = 429, f"Too many failed attempts. Wait {wait // 60 + 1} minutes, then try again."
        shown = _TEMPLATES.get_template(template).render(self._on_every_page | values)
        response = HTMLResponse(shown, status, _WITH_SCRIPT if script else HEADERS)
        if wait:
            response.headers["Retry-After"] = str(wait)
        return response

    def from_own_page(self, handler: Handler) -> Handler:
        """The handler, behind the proof that the portal's own page sent the request, and that its body can be read."""

        async def guarded(request: Request) -> Response:
            if not is_same_origin(request, self._origin):
                return PlainTextResponse(_FORGED, 403, HEADERS)
            try:
                return await handler(request)
            except BadFormError as error:
                return PlainTextResponse(str(error), error.status, HEADERS)

        return guarded


async def style(_: Request) -> Response:
    """The pages' style."""
    return FileResponse(_ROOM / "static" / "sign-in.css", headers=_OF_FILES)


async def passkey_script(_: Request) -> Response:
    """The script that asks the browser for a passkey."""
    return FileResponse(_ROOM / "static" / "passkey.js", headers=_OF_FILES)
