"""The endpoints of the authorization server, put together, and their addresses."""

from dataclasses import dataclass
from typing import Self

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from auth.authentication import Authenticator
from auth.keys import SigningKeys
from auth.oauth.authorization_endpoint import AUTHORIZATION_PATH, AuthorizationEndpoint
from auth.oauth.client_authentication import ClientAuthenticator
from auth.oauth.client_requests import ClientRequests
from auth.oauth.consent_pages import ConsentPages
from auth.oauth.metadata import JWKS_PATH, METADATA_PATH, server_metadata
from auth.oauth.token_endpoint import TOKEN_PATH, TokenEndpoint
from auth.oauth.token_status import INTROSPECTION_PATH, REVOCATION_PATH, TokenStatusEndpoints
from auth.pages.page import Pages
from auth.throttle import Throttle
from portal.clock import Clock
from portal.database import Database

_FOR_A_WHILE = {"Cache-Control": "public, max-age=60"}  # no longer than a validator may believe a withdrawn key


@dataclass(frozen=True, slots=True)
class OAuthEndpoints:
    """All of them, for one issuer."""

    issuer: str
    keys: SigningKeys
    authorization: AuthorizationEndpoint
    token: TokenEndpoint
    token_status: TokenStatusEndpoints

    @classmethod
    def build(
        cls,
        database: Database,
        clock: Clock,
        keys: SigningKeys,
        authenticator: Authenticator,
        throttle: Throttle,
        pages: Pages,
        *,
        issuer: str,
    ) -> Self:
        """Make them; they issue tokens that this authenticator takes."""
        tokens = authenticator.tokens
        requests = ClientRequests(
            ClientAuthenticator(clock, issuer=issuer, token_endpoint=f"{issuer}{TOKEN_PATH}"), throttle
        )
        consent = ConsentPages(database, pages)
        return cls(
            issuer=issuer,
            keys=keys,
            authorization=AuthorizationEndpoint(database, clock, authenticator, tokens, consent, issuer=issuer),
            token=TokenEndpoint(database, clock, requests, keys, tokens, issuer=issuer),
            token_status=TokenStatusEndpoints(database, clock, requests, tokens),
        )

    def routes(self) -> list[Route]:
        """Their addresses, and those of what others read to check tokens."""
        return [
            Route(AUTHORIZATION_PATH, self.authorization.ask, methods=["GET"]),
            Route(AUTHORIZATION_PATH, self.authorization.decide, methods=["POST"]),
            Route(TOKEN_PATH, self.token.answer, methods=["POST"]),
            Route(REVOCATION_PATH, self.token_status.revoke, methods=["POST"]),
            Route(INTROSPECTION_PATH, self.token_status.introspect, methods=["POST"]),
            Route(METADATA_PATH, self._metadata, methods=["GET"]),
            Route(JWKS_PATH, self._jwks, methods=["GET"]),
        ]

    async def _metadata(self, _: Request) -> Response:
        return JSONResponse(server_metadata(self.issuer), headers=_FOR_A_WHILE)

    async def _jwks(self, _: Request) -> Response:
        return JSONResponse(await self.keys.jwks(), headers=_FOR_A_WHILE)
