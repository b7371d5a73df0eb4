"""Which client makes a request to the authorization server, and whether it proved that in the one way it has to."""

import base64
import binascii
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749.errors import InvalidRequestError
from starlette.requests import Request

from auth.oauth.authentication_method import AuthenticationMethod
from auth.oauth.client_assertions import ClientAssertions, client_named_in
from auth.oauth.clients import OAuthClient, find_client
from portal.clock import Clock
from portal.database import Transaction

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """What the client showed; `proof` is a secret or an assertion, and a public client has none."""

    client_id: str
    method: AuthenticationMethod
    proof: str = field(default="", repr=False)


def read_credentials(request: Request, fields: dict[str, str]) -> ClientCredentials | None:
    """The client's credentials, sent in one way (RFC 6749, 2.3); None when there are none, or none that can be read.

    Raises:
        InvalidRequestError: they were sent in two ways, or name two clients.
    """
    authorizations = request.headers.getlist("authorization")
    ways = [*authorizations, *(name for name in ("client_secret", "client_assertion") if name in fields)]
    found = _basic(authorizations[0]) if authorizations else _in_body(fields)
    if len(ways) > 1 or (found and fields.get("client_id", found.client_id) != found.client_id):
        raise InvalidRequestError("Authenticate the client in one way only.")
    return found


def _in_body(fields: dict[str, str]) -> ClientCredentials | None:
    if "client_assertion" in fields:
        client_id = client_named_in(fields["client_assertion"])
        if client_id is None or fields.get("client_assertion_type") != ASSERTION_TYPE:
            return None
        return ClientCredentials(client_id, AuthenticationMethod.PRIVATE_KEY_JWT, fields["client_assertion"])
    if "client_id" not in fields:
        return None
    if "client_secret" in fields:
        method, proof = AuthenticationMethod.CLIENT_SECRET_POST, fields["client_secret"]
        return ClientCredentials(fields["client_id"], method, proof)
    return ClientCredentials(fields["client_id"], AuthenticationMethod.NONE)


def _basic(authorization: str) -> ClientCredentials | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        # Both are form-encoded before they are joined (RFC 6749, 2.3.1).
        client_id, secret = (unquote_plus(part, errors="strict") for part in (client_id, secret))
    except (binascii.Error, ValueError):
        return None
    if not (colon and client_id and secret):
        return None
    return ClientCredentials(client_id, AuthenticationMethod.CLIENT_SECRET_BASIC, secret)


class ClientAuthenticator:
    """Proves clients, in the transaction of what they ask for."""

    def __init__(self, clock: Clock, *, issuer: str, token_endpoint: str) -> None:
        self._clock = clock
        self._assertions = ClientAssertions(clock, audiences=(issuer, token_endpoint))

    async def prove(self, tx: Transaction, credentials: ClientCredentials | None) -> OAuthClient | None:
        """The client that these credentials prove, or None: why is for the log alone. Database role `auth`."""
        if credentials is None:
            return None
        by_assertion = credentials.method is AuthenticationMethod.PRIVATE_KEY_JWT
        secret = "" if by_assertion else credentials.proof
        client = await find_client(tx, self._clock.now(), credentials.client_id, secret)
        if client is None or client.authentication is not credentials.method:
            return None
        if by_assertion:
            return client if await self._assertions.proves(tx, client, credentials.proof) else None
        public = credentials.method is AuthenticationMethod.NONE
        return client if public or client.secret_is_right else None
