"""The settings: what the environment (or a file .env) says, checked as a whole before anything starts."""

import difflib
import ipaddress
import os
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from limits.errors import ConfigurationError
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.addresses import is_loopback, issuer_problem, port_of, url_problem
from auth.external.settings import ProviderSettings, SignInMethods
from auth.throttle import Throttle
from portal.clock import SystemClock
from portal.database.address import AddressError, DatabaseAddress
from portal.database.embedded import EmbeddedPostgres
from portal.encryption import SHORTEST_SECRET
from portal.mail.senders import MailSender
from portal.mail.url import MailUrlError, sender_for
from portal.webhooks.targets import Network

_ENV_FILE = ".env"
_SID = re.compile(r"AC[0-9a-f]{32}")
# What a field has to be, said when it is not; the name of the setting stands before it.
_HAS_TO_BE = {
    "port": "has to be a number from 1 to 65535, for example 8000",
    "pool_size": "has to be a number from 2 to 100, for example 10",
    "log_format": "has to be json or console",
    "demo": "has to be 1 or 0",
    "product_name": "has to be a name of at most 80 characters",
    "oidc_name": "has to be a name of at most 40 characters, for it stands on a button",
    "password_sign_in": "has to be 1 or 0",
}
_MAKE_KEY = "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"


class SettingsError(Exception):
    """The settings contradict each other or miss something; the message names each setting and its mend."""


class Settings(BaseSettings):
    """What can be set; every field is an environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(
        env_file=_ENV_FILE, env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    public_url: str = ""
    """Where people and machines reach the portal, and the issuer of its tokens; by default this machine's own port."""
    callback_url: str = ""
    """Where the provider reaches the portal; by default `public_url`."""
    portal_home: Path = Path(".portal")
    database_url: SecretStr | None = None
    database_owner_url: SecretStr | None = None
    """The user that migrates; by default the one of `database_url`."""
    pool_size: int = Field(default=10, ge=2, le=100)
    secret_key: SecretStr | None = None
    twilio_account_sid: str | None = None
    twilio_auth_token: SecretStr | None = None
    simulator_url: str = "http://127.0.0.1:8010"
    product_name: str = Field(default="Owl Inc.", min_length=1, max_length=80)
    oidc_issuer: str | None = None
    """The OpenID provider where people may sign in, to the letter as its metadata names it."""
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_name: str | None = Field(default=None, max_length=40)
    oidc_scopes: str = "openid profile email"
    password_sign_in: bool = True
    demo: bool | None = None
    log_format: Literal["json", "console"] = "json"
    mail_url: SecretStr | None = None
    """Where mails go; with the simulator by default into a file of `portal_home`."""
    mail_from: str = ""
    limits_url: SecretStr | None = None
    """Where failed sign-ins are counted when several processes serve the API; by default each counts alone."""
    live_url: SecretStr | None = None
    """The Redis that carries live updates from process to process; by default the database does."""
    trusted_proxies: str = ""
    """Addresses or networks of the proxies whose X-Forwarded-For is believed, with commas between them."""
    webhook_allowed_networks: str = ""
    """Networks that are not public and that webhooks may go to all the same, with commas between them."""

    @property
    def simulated(self) -> bool:
        """Whether the simulator stands in for Twilio."""
        return self.twilio_account_sid is None

    @property
    def embedded(self) -> bool:
        """Whether the database is the embedded one."""
        return self.database_url is None

    @property
    def with_demo(self) -> bool:
        """Whether demo data is made: by default with the simulator, never without it."""
        return self.simulated and self.demo is not False

    @property
    def url(self) -> str:
        """The portal's public address, without a slash at its end."""
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def provider_callback_url(self) -> str:
        """The address under which the provider reaches the portal, without a slash at its end."""
        return (self.callback_url or self.url).rstrip("/")

    @property
    def home(self) -> Path:
        """The folder of everything that this installation keeps."""
        return self.portal_home.expanduser().absolute()

    def database(self) -> DatabaseAddress:
        """The database, for the user without rights of its own that the portal connects as."""
        return _parse(self.database_url) or EmbeddedPostgres(self.home).address()

    @property
    def mail_file(self) -> Path | None:
        """The file that mails are written into, where nothing else is set."""
        return self.home / "mail.txt" if self.mail_url is None else None

    def mail_sender(self) -> MailSender:
        """What sends mails.

        Raises:
            MailUrlError: MAIL_URL cannot be read.
        """
        url = self.mail_url.get_secret_value() if self.mail_url else f"console:{self.mail_file}"
        return sender_for(url, self.mail_from)

    def counters_url(self) -> str:
        """Where failures are counted, as the library `limits` spells it."""
        return f"async+{self.limits_url.get_secret_value() if self.limits_url else 'memory://'}"

    def webhook_networks(self) -> tuple[Network, ...]:
        """The networks that webhooks may go to besides the public Internet.

        Raises:
            ValueError: one of them is none.
        """
        return tuple(ipaddress.ip_network(one.strip()) for one in self.webhook_allowed_networks.split(",") if one)

    def database_owner(self) -> DatabaseAddress:
        """The database, for the user that migrates it."""
        given = _parse(self.database_owner_url) or _parse(self.database_url)
        return given or EmbeddedPostgres(self.home).address(user="postgres")

    def sign_in_methods(self) -> SignInMethods:
        """How people may sign in."""
        secret, provider = self.oidc_client_secret, None
        if self.oidc_issuer and self.oidc_client_id and secret and self.oidc_name:
            provider = ProviderSettings(
                self.oidc_issuer, self.oidc_client_id, secret.get_secret_value(), self.oidc_name, self.oidc_scopes
            )
        return SignInMethods(self.password_sign_in, provider)


def load_settings() -> Settings:
    """Read and check the settings.

    Raises:
        SettingsError: one message with all that is wrong.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        fields = dict.fromkeys(str(problem["loc"][0]) for problem in error.errors())
        said = [f"{name.upper()} {_HAS_TO_BE.get(name, 'cannot be read')}." for name in fields]
        raise SettingsError("\n".join([*said, *_misspelt()])) from None
    problems = [*_misspelt(), *_problems(settings)]
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def _problems(settings: Settings) -> Iterator[str]:
    yield from _address_problems(settings)
    yield from _database_problems(settings)
    yield from _provider_problems(settings)
    yield from _mail_problems(settings)
    yield from _limits_problems(settings)
    yield from _live_problems(settings)
    yield from _webhook_problems(settings)
    yield from _sign_in_problems(settings)
    key = settings.secret_key
    if key is not None and len(key.get_secret_value()) < SHORTEST_SECRET:
        yield f"SECRET_KEY is too short: it needs at least {SHORTEST_SECRET} characters; {_MAKE_KEY}"
    if key is None and not settings.embedded and not settings.with_demo:
        yield f"SECRET_KEY is missing: all processes on one database share it; {_MAKE_KEY}"


def _address_problems(settings: Settings) -> Iterator[str]:
    for name, value in (("PUBLIC_URL", settings.public_url), ("CALLBACK_URL", settings.callback_url)):
        problem = url_problem(value) if value else None
        if problem:
            yield f"{name} {problem}."
    simulator = urlsplit(settings.simulator_url)
    if simulator.scheme != "http" or not is_loopback(simulator.hostname or "") or not port_of(settings.simulator_url):
        yield "SIMULATOR_URL has to be a loopback address with a port, for example http://127.0.0.1:8010."
    if settings.simulated and not is_loopback(settings.host):
        yield (
            f"HOST is {settings.host}, which other machines reach, and the simulator with its demo data must stay on "
            "this one: leave HOST at 127.0.0.1, or set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN."
        )


def _database_problems(settings: Settings) -> Iterator[str]:
    addresses = []
    for name, secret in (("DATABASE_URL", settings.database_url), ("DATABASE_OWNER_URL", settings.database_owner_url)):
        try:
            addresses.append(_parse(secret))
        except AddressError as error:
            yield f"{name} is no PostgreSQL address: {error}. For example postgresql://portal@localhost:5432/portal"
            return
    portal, owner = addresses
    if owner and not portal:
        yield "DATABASE_OWNER_URL is set without DATABASE_URL: set both, or neither for the embedded database."
    if owner and portal and (owner.host, owner.port, owner.database) != (portal.host, portal.port, portal.database):
        yield "DATABASE_OWNER_URL names another database than DATABASE_URL: only user and password may differ."


def _provider_problems(settings: Settings) -> Iterator[str]:
    sid, token = settings.twilio_account_sid, settings.twilio_auth_token
    if (sid is None) != (token is None):
        given, missing = ("ACCOUNT_SID", "AUTH_TOKEN") if sid else ("AUTH_TOKEN", "ACCOUNT_SID")
        yield f"TWILIO_{given} is set without TWILIO_{missing}: set both, or neither for the simulator."
        return
    if sid is None:
        return
    if not _SID.fullmatch(sid):
        yield "TWILIO_ACCOUNT_SID is no account SID: it has to be AC and 32 hexadecimal digits."
    if settings.demo:
        yield "DEMO=1 is refused with Twilio credentials, for it would act on a real account: unset one of them."
    if is_loopback(urlsplit(settings.provider_callback_url).hostname or ""):
        yield (
            f"CALLBACK_URL is {settings.provider_callback_url}, which Twilio cannot reach: set it (or PUBLIC_URL) to "
            "the https address of this portal."
        )


def _mail_problems(settings: Settings) -> Iterator[str]:
    if settings.mail_url is None:
        if settings.twilio_account_sid and settings.twilio_auth_token:
            yield (
                "MAIL_URL is missing: invitations and password resets go by mail. For example "
                "smtp://user:password@mail.example.com:587 (or console: for standard output)."
            )
        return
    try:
        settings.mail_sender()
    except MailUrlError as error:
        yield f"MAIL_URL {error}."
        return
    by_smtp = not settings.mail_url.get_secret_value().startswith("console:")
    if by_smtp and not re.fullmatch(r"[^@\s<>,]+@[^@\s<>,]+", settings.mail_from):
        yield "MAIL_FROM has to be the e-mail address that mails come from, for example portal@example.com."


def _limits_problems(settings: Settings) -> Iterator[str]:
    url = settings.counters_url()
    try:
        Throttle(SystemClock(), url)
    except (ConfigurationError, ValueError):
        yield (
            "LIMITS_URL has to be like redis://localhost:6379 (a storage of the library limits, whose client has to be "
            "installed: pip install 'limits[redis]')."
        )
    for network in filter(None, settings.trusted_proxies.split(",")):
        try:
            ipaddress.ip_network(network.strip())
        except ValueError:
            yield "TRUSTED_PROXIES has to be addresses or networks with commas between them, like 10.0.0.0/8."
            return


def _live_problems(settings: Settings) -> Iterator[str]:
    if settings.live_url is None:
        return
    if urlsplit(settings.live_url.get_secret_value()).scheme not in {"redis", "rediss", "unix"}:
        yield "LIVE_URL has to be the address of a Redis, for example redis://localhost:6379."
    if find_spec("redis") is None:
        yield "LIVE_URL needs Redis's client: pip install 'isv-portal[redis]'."


def _webhook_problems(settings: Settings) -> Iterator[str]:
    try:
        settings.webhook_networks()
    except ValueError:
        yield "WEBHOOK_ALLOWED_NETWORKS has to be networks with commas between them, like 10.20.0.0/16."


def _sign_in_problems(settings: Settings) -> Iterator[str]:
    needed = {
        name: getattr(settings, name) for name in ("oidc_issuer", "oidc_client_id", "oidc_client_secret", "oidc_name")
    }
    missing = [name.upper() for name, value in needed.items() if value is None]
    if missing and len(missing) < len(needed):
        given = next(name.upper() for name, value in needed.items() if value is not None)
        yield f"{given} is set without {' and '.join(missing)}: set all of them, or none to sign in by password alone."
    if settings.oidc_issuer is None:
        if not settings.password_sign_in:
            yield "PASSWORD_SIGN_IN=0 leaves no way to sign in: set OIDC_ISSUER, or leave PASSWORD_SIGN_IN at 1."
        return
    if not settings.password_sign_in and settings.with_demo:
        yield "PASSWORD_SIGN_IN=0 keeps the demo's people out, who have passwords alone: set DEMO=0 too."
    problem = issuer_problem(settings.oidc_issuer)
    if problem:
        yield f"OIDC_ISSUER {problem}."
    if "openid" not in settings.oidc_scopes.split():
        yield "OIDC_SCOPES has to hold openid, for example: openid profile email"


def _misspelt() -> list[str]:
    known = sorted(name.upper() for name in Settings.model_fields)
    given = {name.upper() for name in (*os.environ, *dotenv_values(_ENV_FILE)) if name.upper().startswith("PORTAL_")}
    likely = {name: difflib.get_close_matches(name, known, n=1, cutoff=0.7) for name in sorted(given - set(known))}
    return [f"{name} is no setting: did you mean {like[0]}?" for name, like in likely.items() if like]


def _parse(secret: SecretStr | None) -> DatabaseAddress | None:
    return DatabaseAddress.parse(secret.get_secret_value()) if secret else None
