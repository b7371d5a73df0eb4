"""The token endpoint (RFC 6749, 3.2): reads and proves, lets Authlib judge, takes the code, lets Authlib issue.

All of it in one transaction, which an error commits too: a family ends with the answer that tells of it.
"""

import logging

from authlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidRequestError, OAuth2Error, UnsupportedGrantTypeError
from joserfc.jwk import ECKey
from starlette.requests import Request
from starlette.responses import Response

from auth.api_clients import write_api_client_used
from auth.keys import SigningKeys
from auth.oauth.client_requests import ClientRequests
from auth.oauth.clients import MachineClient, OAuthClient
from auth.oauth.errors import InvalidTargetError, error_response
from auth.oauth.grants import FoundVoucher, Voucher, add_refresh_token, find_voucher, revoke_grant, take_voucher
from auth.oauth.server import GRANT_TYPES, Server
from auth.tokens import AccessTokens
from portal.clock import Clock
from portal.database import Database, DatabaseRole, Transaction

TOKEN_PATH = "/oauth/token"  # noqa: S105  an address, no secret
_VOUCHERS = {"authorization_code": (Voucher.CODE, "code"), "refresh_token": (Voucher.REFRESH_TOKEN, "refresh_token")}
_log = logging.getLogger(__name__)


class TokenEndpoint:
    """Answers `POST /oauth/token`."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        requests: ClientRequests,
        keys: SigningKeys,
        tokens: AccessTokens,
        *,
        issuer: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._requests = requests
        self._keys = keys
        self._tokens = tokens
        self._issuer = issuer

    async def answer(self, request: Request) -> Response:
        """A token, or an error by RFC 6749, 5.2."""
        try:
            asked = await self._requests.read(request)
            if "grant_type" not in asked.fields:
                raise InvalidRequestError("The parameter grant_type is missing.")
        except OAuth2Error as error:
            return error_response(error)
        key = await self._keys.current()
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            client = await self._requests.prove(tx, asked)
            try:
                return await self._exchange(tx, client, asked.fields, key)
            except OAuth2Error as error:
                return error_response(error)

    async def _exchange(
        self, tx: Transaction, client: OAuthClient | None, fields: dict[str, str], key: ECKey
    ) -> Response:
        server = Server(self._issuer, client)
        if client:
            audience = self._tokens.audience(for_staff=client.for_staff)
            if fields.get("resource", audience) != audience:
                raise InvalidTargetError
        voucher = await self._find(tx, client, fields)
        server.issue_with(self._tokens, key, voucher)
        if fields["grant_type"] not in GRANT_TYPES:  # Authlib would quote what was sent
            raise UnsupportedGrantTypeError(f"any other than {', '.join(GRANT_TYPES)}")
        grant = server.get_token_grant(server.request("POST", TOKEN_PATH, fields))
        grant.validate_token_request()
        if voucher and not await take_voucher(tx, self._clock.now(), voucher):  # another request was a moment faster
            await self._end_family(tx, voucher)
            raise InvalidGrantError
        response: Response = server.handle_response(*grant.create_token_response())
        if voucher and server.new_refresh_token:
            await add_refresh_token(tx, self._clock.now(), voucher.grant.id, server.new_refresh_token)
        if isinstance(client, MachineClient):
            await write_api_client_used(tx, self._clock.now(), client.tenant_id, client.id)
        return response

    async def _find(self, tx: Transaction, client: OAuthClient | None, fields: dict[str, str]) -> FoundVoucher | None:
        """The code or refresh token that the client shows; one that was used before ends its family."""
        kind, name = _VOUCHERS.get(fields["grant_type"], (None, ""))
        if client is None or kind is None or name not in fields:
            return None
        found = await find_voucher(tx, self._clock.now(), kind, fields[name], client_id=client.client_id)
        if found and found.used:
            await self._end_family(tx, found)
            return None
        return found if found and found.good else None

    async def _end_family(self, tx: Transaction, voucher: FoundVoucher) -> None:
        await revoke_grant(tx, self._clock.now(), voucher.grant.id)
        _log.warning("used twice, its tokens are revoked: %s", voucher.kind.name.lower())
