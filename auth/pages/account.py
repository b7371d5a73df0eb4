"""The pages of one's own account: second factors, password, e-mail address, sessions, applications."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from auth.account import Account
from auth.authentication import SESSION_COOKIE
from auth.forms import read_form
from auth.mailed_links import LinkPurpose
from auth.pages.page import Handler, Pages
from auth.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD, password_problem
from auth.second_factor.factors import LastFactorError
from auth.services import AuthServices
from auth.sign_in import SignInOutcome
from auth.sign_in_steps import go_to, with_session
from auth.throttle import Purpose, address_of

ACCOUNT_PATH = "/account"
CONFIRM_PATH = "/account/confirm"
SET_UP_PATH = "/account/second-factor"
_WRONG_PASSWORD = "The password is wrong."  # noqa: S105  a message
_DIFFERENT = "The two new passwords differ."
_WRONG_SET_UP = "That is not right. Type the six digits that the app shows now, or try the passkey again."
_NOTICES = {
    "password": "Your password is changed. You are signed out everywhere else.",
    "mail": "A mail is on its way to you.",
    "last": "Your role needs a second factor: add another before you remove this one.",
    "factor": "Your second factors are changed.",
    "linked": "From now on you can sign in with it, too.",
    "unlinked": "You can no longer sign in with it.",
    "only-way": "You have no password here, so it is your only way to sign in: it stays.",
    "withdrawn": "The application can no longer act for you.",
}

Answer = Callable[[Account, dict[str, str]], Awaitable[Response]]


class AccountPages:
    """Shows the pages, and answers their forms."""

    def __init__(self, services: AuthServices, pages: Pages) -> None:
        self._services = services
        self._pages = pages
        self._factors = services.second_factors

    def of_account(self, answer: Answer, *, proven: bool = False) -> Handler:
        """The handler of whoever is signed in and, if `proven`, gave the password lately; for others the way there."""

        async def handler(request: Request) -> Response:
            fields = await read_form(request) if request.method == "POST" else dict(request.query_params)
            async with self._services.accounts.opened(request) as account:
                if account is None:
                    return _signed_out()
                if proven and not account.proven:
                    own = request.url.path if request.method == "GET" else ACCOUNT_PATH
                    return go_to(f"{CONFIRM_PATH}?return_to={own}")
                return await answer(account, fields)

        return handler

    async def show(self, account: Account, fields: dict[str, str]) -> Response:
        """The account."""
        return await self._account(account, notice=_NOTICES.get(fields.get("notice", ""), ""))

    async def show_confirmation(self, account: Account, fields: dict[str, str]) -> Response:
        """The page that asks for the password again."""
        return self._confirmation(account, fields.get("return_to", ACCOUNT_PATH))

    async def confirm(self, request: Request) -> Response:
        """Go on, for the right password; with another session secret, since the session may do more now."""
        fields = await read_form(request)
        return_to = fields.get("return_to", ACCOUNT_PATH)
        outcome = await self._check(request, fields.get("password", ""))
        async with self._services.accounts.opened(request) as account:
            if account is None or outcome is None:
                return _signed_out()
            if outcome.person_id != account.person_id:
                return self._confirmation(account, return_to, wait=outcome.seconds_to_wait, error=_WRONG_PASSWORD)
            renewed = await self._services.sessions.renew(account.tx, account.ceremony.secret_hash)
            return with_session(go_to(return_to), renewed)

    async def show_set_up(self, account: Account, _: dict[str, str]) -> Response:
        """The page that adds a second factor."""
        return await self._set_up(account)

    async def set_up(self, account: Account, fields: dict[str, str]) -> Response:
        """Keep the new factor; with the first come recovery codes."""
        if not await self._factors.add(account.tx, account.ceremony, account.person_id, fields):
            return await self._set_up(account, error=_WRONG_SET_UP)
        kind = "passkey" if fields.get("passkey") else "authenticator app"
        await self._services.accounts.tell(account, f"A second factor was added to your account: a new {kind}.")
        if account.factors.recovery_codes:
            return go_to(f"{ACCOUNT_PATH}?notice=factor")
        return await self._recovery_codes(account)

    async def remove_factor(self, request: Request) -> Response:
        """Remove a passkey, or the app; whose role needs a second factor keeps the last one."""
        try:
            return await self.of_account(self._remove, proven=True)(request)
        except LastFactorError:
            return go_to(f"{ACCOUNT_PATH}?notice=last")

    async def recovery_codes(self, account: Account, _: dict[str, str]) -> Response:
        """New recovery codes, shown once."""
        if not account.factors.count:
            return go_to(ACCOUNT_PATH)
        await self._services.accounts.tell(account, "New recovery codes were made for your account.")
        return await self._recovery_codes(account)

    async def change_password(self, request: Request) -> Response:
        """The new password, for who knows the old one; everywhere else one is signed out."""
        fields = await read_form(request)
        # Slow work comes first: it would hold a connection, and wait for others who do.
        outcome = await self._check(request, fields.get("old", ""))
        right = outcome is not None and outcome.person_id is not None
        hashed = await self._services.passwords.hash(fields.get("new", "")[:LONGEST_PASSWORD]) if right else ""
        async with self._services.accounts.opened(request) as account:
            if account is None or outcome is None:
                return _signed_out()
            if outcome.person_id != account.person_id:
                wait = outcome.seconds_to_wait
                return await self._account(account, status=401, wait=wait, error=_WRONG_PASSWORD)
            if problem := self._problem(fields, account.factors.email):
                return await self._account(account, status=400, error=problem)
            renewed = await self._services.accounts.change_password(account, hashed)
            return with_session(go_to(f"{ACCOUNT_PATH}?notice=password"), renewed)

    async def verify_email(self, account: Account, _: dict[str, str]) -> Response:
        """Mail an address that proves whose the e-mail address is."""
        if wait := await self._services.throttle.attempt(Purpose.MAIL, str(account.person_id), None):
            return await self._account(account, wait=wait)
        purpose, email = LinkPurpose.EMAIL_VERIFICATION, account.factors.email
        await self._services.mailed_links.send(account.tx, purpose, account.person_id, email)
        return go_to(f"{ACCOUNT_PATH}?notice=mail")

    async def sign_out_everywhere(self, account: Account, _: dict[str, str]) -> Response:
        """End all sessions, this one too, and what applications may do."""
        await self._services.sessions.end_all(account.tx, account.person_id)
        response = go_to("/sign-in")
        response.delete_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
        return response

    async def withdraw(self, account: Account, fields: dict[str, str]) -> Response:
        """End what one application may do."""
        grant_id = _uuid(fields.get("grant", ""))
        if grant_id is not None:
            await self._services.accounts.withdraw(account, grant_id)
        return go_to(f"{ACCOUNT_PATH}?notice=withdrawn")

    async def _remove(self, account: Account, fields: dict[str, str]) -> Response:
        passkey = _uuid(fields.get("passkey", ""))
        if passkey is None and "totp" not in fields:
            return go_to(ACCOUNT_PATH)
        await self._factors.remove(account.tx, account.person_id, passkey_id=passkey)
        await self._services.accounts.tell(account, "A second factor was removed from your account.")
        return go_to(f"{ACCOUNT_PATH}?notice=factor")

    async def _check(self, request: Request, password: str) -> SignInOutcome | None:
        person = await self._services.authenticator.visitor(request)
        if person is None or person.email is None:
            return None
        return await self._services.sign_in.check(person.email, password, address=address_of(request))

    def _problem(self, fields: dict[str, str], email: str) -> str | None:
        new = fields.get("new", "")
        if new != fields.get("again", ""):
            return _DIFFERENT
        return password_problem(new, email=email, product_name=self._services.product_name)

    async def _account(
        self, account: Account, *, status: int = 200, wait: int = 0, notice: str = "", error: str = ""
    ) -> Response:
        external = self._services.external
        return self._pages.show(
            "account.html",
            status=status,
            wait=wait,
            account=account,
            applications=await self._services.accounts.applications(account),
            linked=external is not None and await external.identities.linked(account.tx, account.person_id),
            sessions=await self._services.sessions.count(account.tx, account.person_id),
            shortest=SHORTEST_PASSWORD,
            notice=notice,
            error=error,
        )

    def _confirmation(self, account: Account, return_to: str, *, wait: int = 0, error: str = "") -> Response:
        status, email = 401 if error else 200, account.factors.email
        return self._pages.show(
            "confirm.html",
            status=status,
            wait=wait,
            email=email,
            has_password=account.has_password,
            return_to=return_to,
            error=error,
        )

    async def _set_up(self, account: Account, *, error: str = "") -> Response:
        set_up = await self._factors.offer(account.tx, account.ceremony, account.person_id, account.factors.email)
        status, totp = 400 if error else 200, account.factors.totp
        return self._pages.show("set_up_more.html", status=status, script=True, set_up=set_up, totp=totp, error=error)

    async def _recovery_codes(self, account: Account) -> Response:
        codes = await self._factors.new_recovery_codes(account.tx, account.person_id)
        return self._pages.show("recovery_codes.html", codes=codes, go_on=ACCOUNT_PATH)


def _signed_out() -> Response:
    return go_to(f"/sign-in?return_to={ACCOUNT_PATH}")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
