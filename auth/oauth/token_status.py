"""Revocation (RFC 7009) and introspection (RFC 7662) of tokens, for the clients that they concern.

Authlib's classes for both want a token's row; what is left without one is said here in fewer words.
"""

from datetime import UTC, datetime

from authlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth.oauth.authentication_method import AuthenticationMethod
from auth.oauth.client_requests import ClientRequests
from auth.oauth.clients import MachineClient, OAuthClient
from auth.oauth.errors import RefusedClientError, error_response
from auth.oauth.grants import Voucher, find_voucher, revoke_grant
from auth.oauth.holders import find_holder
from auth.tokens import AccessToken, AccessTokens, InvalidTokenError
from portal.clock import Clock
from portal.database import Database, DatabaseRole, Transaction

REVOCATION_PATH = "/oauth/revoke"
INTROSPECTION_PATH = "/oauth/introspect"
_NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_TOLD = ("iss", "aud", "sub", "client_id", "tenant_id", "scope", "iat", "exp", "jti")
_REVOKE = "INSERT INTO revoked_token (jti, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING"


class TokenStatusEndpoints:
    """Answers `POST /oauth/revoke` and `POST /oauth/introspect`."""

    def __init__(self, database: Database, clock: Clock, requests: ClientRequests, tokens: AccessTokens) -> None:
        self._database = database
        self._clock = clock
        self._requests = requests
        self._tokens = tokens

    async def revoke(self, request: Request) -> Response:
        """End a token of the client's own; 200 for any other too: it is of no use to this client (RFC 7009, 2.2)."""
        try:
            asked = await self._requests.read(request)
            sent = _token(asked.fields)
            token = await self._read(sent)
            async with self._database.as_role(DatabaseRole.AUTH) as tx:
                client = await self._requests.prove(tx, asked)
                if client is None:
                    return error_response(RefusedClientError())
                await self._revoke(tx, client, sent, token)
        except OAuth2Error as error:
            return error_response(error)
        return JSONResponse({}, 200, _NOT_STORED)

    async def introspect(self, request: Request) -> Response:
        """What an access token says, if it is good and concerns the client; of any other only that it is not active."""
        try:
            asked = await self._requests.read(request)
            token = await self._read(_token(asked.fields))
            async with self._database.as_role(DatabaseRole.AUTH) as tx:
                client = await self._requests.prove(tx, asked)
                if client is None or client.authentication is AuthenticationMethod.NONE:
                    return error_response(RefusedClientError())
                told = await self._status(tx, client, token)
        except OAuth2Error as error:
            return error_response(error)
        return JSONResponse(told, 200, _NOT_STORED)

    async def _revoke(self, tx: Transaction, client: OAuthClient, sent: str, token: AccessToken | None) -> None:
        now = self._clock.now()
        found = await find_voucher(tx, now, Voucher.REFRESH_TOKEN, sent, client_id=client.client_id)
        if found:
            await revoke_grant(tx, now, found.grant.id)
            return
        if token and token.subject.client_id == client.client_id:
            await tx.execute(_REVOKE, token.jti, datetime.fromtimestamp(token.claims["exp"], UTC))

    async def _status(self, tx: Transaction, client: OAuthClient, token: AccessToken | None) -> dict[str, object]:
        if token is None or not _concerns(token, client) or await find_holder(tx, self._clock.now(), token) is None:
            return {"active": False}
        return {"active": True, "token_type": "Bearer"} | {
            name: token.claims[name] for name in _TOLD if name in token.claims
        }

    async def _read(self, sent: str) -> AccessToken | None:
        """Before any transaction: it may read the keys, and nobody may wait for one connection holding another."""
        try:
            return await self._tokens.validate(sent)
        except InvalidTokenError:
            return None


def _token(fields: dict[str, str]) -> str:
    if "token" not in fields:
        raise InvalidRequestError("The parameter token is missing.")
    return fields["token"]


def _concerns(token: AccessToken, client: OAuthClient) -> bool:
    same_tenant = isinstance(client, MachineClient) and token.subject.tenant_id == client.tenant_id
    return same_tenant or token.subject.client_id == client.client_id
