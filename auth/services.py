"""The parts of this room, made once per process and handed to whoever answers requests."""

from dataclasses import dataclass
from typing import Self

from auth.account import Accounts
from auth.authentication import Authenticator
from auth.external.settings import SignInMethods
from auth.external.sign_in import ExternalSignIn
from auth.invited import Invited
from auth.keys import SigningKeys
from auth.mailed_links import MailedLinks
from auth.oauth.endpoints import OAuthEndpoints
from auth.pages.page import Pages
from auth.password_reset import PasswordReset
from auth.passwords import Passwords
from auth.second_factor.factors import SecondFactors
from auth.sessions import Sessions
from auth.sign_in import SignIn
from auth.sign_in_steps import SignInSteps
from auth.throttle import IN_THIS_PROCESS, Throttle
from auth.tokens import AccessTokens
from portal.clock import Clock
from portal.database import Database
from portal.encryption import SecretBox
from portal.mail.queue import MailQueue


@dataclass(frozen=True, slots=True)
class AuthServices:
    """Everything that stands behind the routes, and the authenticator for the API."""

    public_url: str
    product_name: str
    keys: SigningKeys
    sessions: Sessions
    sign_in: SignIn
    passwords: Passwords
    password_reset: PasswordReset
    mailed_links: MailedLinks
    accounts: Accounts
    invited: Invited
    second_factors: SecondFactors
    sign_in_steps: SignInSteps
    external: ExternalSignIn | None
    sign_in_methods: SignInMethods
    throttle: Throttle
    pages: Pages
    oauth: OAuthEndpoints
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
        limits_url: str = IN_THIS_PROCESS,
        sign_in_methods: SignInMethods | None = None,
    ) -> Self:
        """Make them; `public_url` is scheme and host, the issuer of tokens whatever a request's Host says.

        `limits_url` is where failures are counted, as the library `limits` spells it.
        """
        url = public_url.rstrip("/")
        keys = SigningKeys(database, clock, secret_box)
        sessions = Sessions(database, clock)
        throttle = Throttle(clock, limits_url)
        authenticator = Authenticator(database, clock, sessions, AccessTokens(keys, clock, issuer=url), url)
        passwords = passwords or Passwords()
        links = MailedLinks(clock, MailQueue(secret_box), public_url=url, product_name=product_name)
        second_factors = SecondFactors(clock, secret_box, public_url=url, product_name=product_name)
        methods = sign_in_methods or SignInMethods()
        pages = Pages(product_name=product_name, public_url=url, sign_in_methods=methods)
        external = None
        if methods.provider:
            external = ExternalSignIn.build(methods.provider, database, clock, secret_box, public_url=url)
        return cls(
            public_url=url,
            product_name=product_name,
            keys=keys,
            sessions=sessions,
            sign_in=SignIn(database, passwords, throttle),
            passwords=passwords,
            password_reset=PasswordReset(database, clock, passwords, sessions, links, product_name=product_name),
            mailed_links=links,
            accounts=Accounts(database, clock, sessions, second_factors, links),
            invited=Invited(database, clock),
            second_factors=second_factors,
            sign_in_steps=SignInSteps(database, clock, sessions, second_factors),
            sign_in_methods=methods,
            external=external,
            throttle=throttle,
            pages=pages,
            oauth=OAuthEndpoints.build(database, clock, keys, authenticator, throttle, pages, issuer=url),
            authenticator=authenticator,
        )
