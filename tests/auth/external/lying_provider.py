"""A provider that lies as no real one can be made to: right in everything that a test does not turn."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from auth.external.settings import ProviderSettings
from tests.serving import free_port, serving
from tests.turnable_clock import TurnableClock

NOTHING = object()  # a claim or member that is left out
SECRET = "the-portals-secret-at-the-provider-which-is-long"


@dataclass
class LyingProvider:
    """What it would say if it were honest, and what a test makes it say instead."""

    issuer: str
    clock: TurnableClock
    key: ECKey = field(
        default_factory=lambda: ECKey.generate_key("P-256", {"alg": "ES256", "use": "sig"}, auto_kid=True)
    )
    metadata: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    instead_of_header: str = ""  # of a token without a signature
    signs_with: ECKey | OctKey | None = None
    tokens: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    instead: dict[str, Response] = field(default_factory=dict)  # by path
    posted: dict[str, str] = field(default_factory=dict)  # the last form
    asked: Counter[str] = field(default_factory=Counter)
    given: list[str] = field(default_factory=list)  # every token that left it

    @property
    def settings(self) -> ProviderSettings:
        return ProviderSettings(self.issuer, "the-portal", SECRET, "Falcon ID")

    async def answer(self, request: Request) -> Response:
        """Answer the portal."""
        path = request.url.path
        self.asked[path] += 1
        if request.method == "POST":
            self.posted = dict(parse_qsl((await request.body()).decode()))
        if path in self.instead:
            return self.instead[path]
        honest: dict[str, Callable[[], dict[str, Any]]] = {
            "/.well-known/openid-configuration": self._metadata,
            "/keys": lambda: {"keys": [self.key.as_dict(private=False)]},
            "/token": self._tokens,
            "/userinfo": lambda: {"sub": "liar-1"} | self.userinfo,
        }
        return JSONResponse(_without_nothing(honest[path]()))

    def id_token(self) -> str:
        """An ID token as this provider signs it now."""
        now = int(self.clock.now().timestamp())
        claims = {
            "iss": self.issuer,
            "sub": "liar-1",
            "aud": "the-portal",
            "iat": now,
            "exp": now + 300,
            "nonce": self.posted["code"],  # the code that a test makes up is the nonce
            "email": "olga@example.com",
            "email_verified": True,
        }
        key = self.signs_with or self.key
        header = _without_nothing({"alg": "ES256", "kid": self.key.kid} | self.header)
        registry = jws.JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
        token = jwt.encode(header, _without_nothing(claims | self.claims), key, registry=registry)
        return f"{self.instead_of_header}.{token.split('.')[1]}." if self.instead_of_header else token

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
            "authorization_response_iss_parameter_supported": True,
        } | self.metadata

    def _tokens(self) -> dict[str, Any]:
        tokens = {
            "token_type": "Bearer",
            "access_token": "the-access-token-of-the-provider",
            "refresh_token": "the-refresh-token-of-the-provider",
            "expires_in": 60,
            "id_token": NOTHING if "id_token" in self.tokens else self.id_token(),
        } | self.tokens
        self.given += [str(tokens[name]) for name in ("access_token", "refresh_token", "id_token")]
        return tokens


def _without_nothing(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not NOTHING}


@asynccontextmanager
async def serving_liar(clock: TurnableClock) -> AsyncIterator[LyingProvider]:
    """Serve one for as long as the context lasts."""
    listening = free_port()
    liar = LyingProvider(f"http://127.0.0.1:{listening.getsockname()[1]}", clock)
    app = Starlette(routes=[Route("/{path:path}", liar.answer, methods=["GET", "POST"])])
    async with serving(app, listening):
        yield liar
