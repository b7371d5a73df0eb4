"""The way to the provider and back, for signing in and for linking an identity to one's account."""

import logging
from functools import partial
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from auth.account import Account
from auth.external.fetching import ProviderError
from auth.external.identities import Obstacle, ObstacleError
from auth.external.provider import NotProvenError
from auth.external.sign_in import CALLBACK_PATH, ExternalSignIn
from auth.external.transaction import Transaction, forget, own_path
from auth.forms import read_form
from auth.pages.account import ACCOUNT_PATH, CONFIRM_PATH, AccountPages
from auth.pages.page import Pages
from auth.services import AuthServices
from auth.sign_in_steps import go_to

_NOT_PROVEN = "{name} did not confirm who you are, or it took too long, or was finished elsewhere. Try again."
_IMPOSSIBLE = "Signing in with {name} is not possible at the moment. Try again later, or tell whoever runs this portal."
_OBSTACLES = {
    Obstacle.DISABLED: "Your account is closed.",
    Obstacle.EMAIL_UNVERIFIED: (
        "{name} does not confirm that an e-mail address is yours, and without one no account can be made. "
        "If you have an account here, sign in to it as usual, then link {name} in your account."
    ),
    Obstacle.EMAIL_TAKEN: (
        "There is an account with your e-mail address, and it is not linked with {name}. "
        "Sign in to it as usual, then link {name} in your account."
    ),
    Obstacle.LINKED_TO_ANOTHER: "This identity is linked with another account.",
}
_log = logging.getLogger(__name__)


def external_routes(services: AuthServices) -> list[Route]:
    """The addresses of external sign-in; none where no provider is set."""
    if services.external is None:
        return []
    pages = services.pages
    proven = partial(AccountPages(services, pages).of_account, proven=True)
    external = ExternalSignInPages(services, services.external, pages)
    return [
        Route("/sign-in/external", pages.from_own_page(external.sign_in), methods=["POST"]),
        Route("/account/external/link", pages.from_own_page(external.link), methods=["POST"]),
        Route("/account/external/unlink", pages.from_own_page(proven(external.unlink)), methods=["POST"]),
        Route(CALLBACK_PATH, external.arrive, methods=["GET"]),
    ]


class ExternalSignInPages:
    """Sends a browser to the provider, and answers it when it comes back."""

    def __init__(self, services: AuthServices, external: ExternalSignIn, pages: Pages) -> None:
        self._services = services
        self._external = external
        self._name = external.provider.settings.name
        self._pages = pages

    async def sign_in(self, request: Request) -> Response:
        """Leave for the provider, to sign in."""
        fields = await read_form(request)
        return await self._leave(own_path(fields.get("return_to", "/")))

    async def link(self, request: Request) -> Response:
        """Leave for the provider, to link one's identity there with the account that one proved to be one's own."""
        async with self._services.accounts.opened(request) as account:
            if account is None:
                return go_to(f"/sign-in?return_to={ACCOUNT_PATH}")
            if not account.proven:
                return go_to(f"{CONFIRM_PATH}?return_to={ACCOUNT_PATH}")
        return await self._leave(ACCOUNT_PATH, links=account.person_id)

    async def unlink(self, account: Account, _: dict[str, str]) -> Response:
        """Sign in there no longer; whoever has no password keeps the only way in."""
        if not (account.has_password and self._services.sign_in_methods.password):
            return go_to(f"{ACCOUNT_PATH}?notice=only-way")
        await self._external.identities.unlink(account.tx, account.person_id)
        await self._services.accounts.tell(account, f"You can no longer sign in with {self._name}.")
        return go_to(f"{ACCOUNT_PATH}?notice=unlinked")

    async def arrive(self, request: Request) -> Response:
        """What comes of it; the transaction is over, whatever that is."""
        begun = self._external.transaction(request)
        response = await self._arrive(request, begun) if begun else self._refused(400, _NOT_PROVEN)
        forget(response)
        return response

    async def _leave(self, return_to: str, links: UUID | None = None) -> Response:
        try:
            url, transaction = await self._external.provider.leave(return_to, str(links) if links else None)
        except ProviderError as error:
            _log.warning("external sign-in is not possible: %s", error)
            return self._refused(502, _IMPOSSIBLE, return_to, linking=links is not None)
        # Chromium applies form-action to the redirects that follow a form too, wherever they lead.
        response = self._pages.show("leaving.html", url=url)
        response.headers["Refresh"] = f"0; url={url}"
        self._external.remember(transaction, response)
        return response

    async def _arrive(self, request: Request, begun: Transaction) -> Response:
        try:
            arrival = await self._external.provider.arrive(request.query_params.multi_items(), begun)
            if begun.links:
                return await self._link(request, begun.links, arrival.subject)
            person_id = await self._external.identities.person_of(arrival.subject)
            if person_id is None:
                profile = await self._external.provider.profile(arrival)
                person_id = await self._external.identities.new_person(arrival.subject, profile)
        except NotProvenError as error:
            _log.warning("external sign-in refused: %s", error)
            return self._refused(400, _NOT_PROVEN, begun.return_to, linking=begun.links is not None)
        except ProviderError as error:
            _log.warning("external sign-in is not possible: %s", error)
            return self._refused(502, _IMPOSSIBLE, begun.return_to, linking=begun.links is not None)
        except ObstacleError as error:
            return self._refused(403, _OBSTACLES[error.obstacle], begun.return_to, linking=begun.links is not None)
        return await self._services.sign_in_steps.after_first_factor(request, person_id, begun.return_to)

    async def _link(self, request: Request, person_id: str, subject: str) -> Response:
        async with self._services.accounts.opened(request) as account:
            if account is None or str(account.person_id) != person_id:
                raise NotProvenError("somebody else is signed in than who began to link")
            if await self._external.identities.link(account.tx, subject, account.person_id):
                await self._services.accounts.tell(account, f"You can sign in with {self._name} from now on.")
        return go_to(f"{ACCOUNT_PATH}?notice=linked")

    def _refused(self, status: int, why: str, return_to: str = "/", *, linking: bool = False) -> Response:
        error = why.format(name=self._name)
        if linking:
            return self._pages.show("not_linked.html", status=status, error=error)
        return self._pages.show("sign_in.html", status=status, return_to=return_to, email="", error=error)
