"""The parts of this room, made once per process and handed to whoever answers requests."""

from dataclasses import dataclass
from typing import Self

from auth.authentication import Authenticator
from auth.keys import SigningKeys
from auth.passwords import Passwords
from auth.server import TokenEndpoint
from auth.sessions import Sessions
from auth.sign_in import SignIn
from auth.tokens import AccessTokens
from portal.clock import Clock
from portal.database import Database
from portal.encryption import SecretBox

TOKEN_PATH = "/oauth/token"  # noqa: S105  an address, no secret


@dataclass(frozen=True, slots=True)
class AuthServices:
    """Everything that stands behind the routes, and the authenticator for the API."""

    public_url: str
    product_name: str
    keys: SigningKeys
    sessions: Sessions
    sign_in: SignIn
    token_endpoint: TokenEndpoint
    authenticator: Authenticator

    @classmethod
    def build(
        cls,
        *,
        database: Database,
        clock: Clock,
        secret_box: SecretBox,
        public_url: str,
        product_name: str,
        passwords: Passwords | None = None,
    ) -> Self:
        """Make them; `public_url` is scheme and host, the issuer of tokens whatever a request's Host says."""
        url = public_url.rstrip("/")
        keys = SigningKeys(database, clock, secret_box)
        tokens = AccessTokens(keys, clock, issuer=url, audience=f"{url}/graphql")
        sessions = Sessions(database, clock)
        return cls(
            public_url=url,
            product_name=product_name,
            keys=keys,
            sessions=sessions,
            sign_in=SignIn(database, clock, passwords or Passwords()),
            token_endpoint=TokenEndpoint(database, clock, keys, tokens, url=f"{url}{TOKEN_PATH}"),
            authenticator=Authenticator(database, sessions, tokens, url),
        )
