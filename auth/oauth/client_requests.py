"""What each endpoint for clients does first: read strictly, slow down whoever guesses, prove the client."""

import logging
from dataclasses import dataclass

from authlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error
from starlette.requests import Request

from auth.forms import BadFormError, read_form
from auth.oauth.client_authentication import ClientAuthenticator, ClientCredentials, read_credentials
from auth.oauth.clients import OAuthClient
from auth.throttle import Purpose, Throttle, address_of
from portal.database import Transaction

_log = logging.getLogger(__name__)


class TooManyFailuresError(OAuth2Error):  # type: ignore[misc]  # Authlib ships no types
    """This client failed too often from this address."""

    error = "invalid_request"
    description = "Too many failed attempts: try again later."
    status_code = 429

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self._seconds = seconds

    def get_headers(self) -> list[tuple[str, str]]:
        """When to try again."""
        return [*super().get_headers(), ("Retry-After", str(self._seconds))]


@dataclass(frozen=True, slots=True)
class ClientRequest:
    """The parameters of a request, and who says to make it."""

    fields: dict[str, str]
    credentials: ClientCredentials | None
    address: str


class ClientRequests:
    """Reads requests of clients, and proves who made them."""

    def __init__(self, clients: ClientAuthenticator, throttle: Throttle) -> None:
        self._clients = clients
        self._throttle = throttle

    async def read(self, request: Request) -> ClientRequest:
        """The request's parameters and credentials.

        Raises:
            OAuth2Error: it is malformed, or comes too soon after too many failures.
        """
        if request.url.query:
            raise InvalidRequestError("Parameters belong into the body.")
        try:
            fields = await read_form(request)
        except BadFormError as error:
            raise InvalidRequestError(str(error), status_code=error.status) from None
        credentials, address = read_credentials(request, fields), address_of(request)
        if credentials and credentials.proof:  # a public client has nothing to be guessed
            wait = await self._throttle.seconds_to_wait(Purpose.TOKEN, credentials.client_id, address)
            if wait:
                raise TooManyFailuresError(wait)
        return ClientRequest(fields, credentials, address)

    async def prove(self, tx: Transaction, asked: ClientRequest) -> OAuthClient | None:
        """The client that makes the request, or None. Database role `auth`."""
        client = await self._clients.prove(tx, asked.credentials)
        if client is None and asked.credentials:
            await self._throttle.attempt(Purpose.TOKEN, asked.credentials.client_id, asked.address)
            _log.info("client authentication failed")
        return client
