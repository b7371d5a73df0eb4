"""The pages of a forgotten password, and those behind the addresses in mails: opening one changes nothing yet."""

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from auth.forms import read_form
from auth.mailed_links import RESET_PATH
from auth.pages.page import Pages
from auth.password_reset import LinkEndedError, PasswordRefusedError
from auth.passwords import SHORTEST_PASSWORD
from auth.services import AuthServices
from auth.sign_in_steps import go_to
from auth.throttle import Purpose, address_of

_ENDED = "This address is no longer good: it was used, or is too old, or a newer one was sent."
_DIFFERENT = "The two passwords differ."


class MailedLinkPages:
    """Shows the pages, and answers their forms."""

    def __init__(self, services: AuthServices, pages: Pages) -> None:
        self._services = services
        self._pages = pages
        self._reset = services.password_reset

    async def show_forgotten(self, _: Request) -> Response:
        """The page that asks for the e-mail address."""
        return self._pages.show("forgotten.html")

    async def forgotten(self, request: Request) -> Response:
        """One answer, whether or not there is an account; the mail is written after it, so that it takes as long."""
        email = (await read_form(request)).get("email", "")
        if wait := await self._services.throttle.attempt(Purpose.MAIL, email.strip().lower(), address_of(request)):
            return self._pages.show("forgotten.html", wait=wait)
        response = self._pages.show("forgotten.html", asked=True)
        response.background = BackgroundTask(self._reset.ask, email)
        return response

    async def show_reset(self, request: Request) -> Response:
        """The page that asks for the new password."""
        secret = request.query_params.get("token", "")
        return self._new_password(secret) if await self._reset.is_good(secret) else self._ended()

    async def reset(self, request: Request) -> Response:
        """Sign in with the new password; the second factor is asked for there."""
        fields = await read_form(request)
        secret, password = fields.get("token", ""), fields.get("password", "")
        if password != fields.get("again", ""):
            return self._new_password(secret, error=_DIFFERENT)
        try:
            await self._reset.reset(secret, password)
        except PasswordRefusedError as refused:
            return self._new_password(secret, error=str(refused))
        except LinkEndedError:
            return self._ended()
        return go_to("/sign-in?notice=password")

    async def show_verification(self, request: Request) -> Response:
        """The page with the button that confirms the e-mail address: programs open addresses in mails, people press."""
        return self._pages.show("verify.html", token=request.query_params.get("token", ""))

    async def verify(self, request: Request) -> Response:
        """Thanks, or what is wrong."""
        try:
            await self._reset.verify_email((await read_form(request)).get("token", ""))
        except LinkEndedError:
            return self._ended()
        return self._pages.show("verify.html", verified=True)

    def _new_password(self, secret: str, *, error: str = "") -> Response:
        status = 400 if error else 200
        return self._pages.show(
            "reset.html", status=status, token=secret, shortest=SHORTEST_PASSWORD, action=RESET_PATH, error=error
        )

    def _ended(self) -> Response:
        return self._pages.show("link_ended.html", status=400, error=_ENDED)
