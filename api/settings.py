"""The settings: what the environment (or a file .env) says, checked as a whole before anything starts."""

import ipaddress
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.settings_problems import misspelt, parsed, problems
from auth.external.settings import ProviderSettings, SignInMethods
from portal.database.address import DatabaseAddress
from portal.database.embedded import EmbeddedPostgres
from portal.files.store import FileStore
from portal.mail.senders import MailSender
from portal.mail.url import sender_for
from portal.webhooks.targets import Network

_ENV_FILE = ".env"
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
    billing_webhook_secret: SecretStr | None = None
    """What the ISV's own billing signs payments with, as Standard Webhooks spells it; without it none are taken."""
    files_url: str | None = None
    """The bucket that files lie in, like s3://bucket/prefix; by default a folder of `portal_home`."""
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
        return parsed(self.database_url) or EmbeddedPostgres(self.home).address()

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

    def file_store(self) -> FileStore:
        """Where files lie."""
        return FileStore(self.files_url, self.home / "files")

    def webhook_networks(self) -> tuple[Network, ...]:
        """The networks that webhooks may go to besides the public Internet.

        Raises:
            ValueError: one of them is none.
        """
        return tuple(ipaddress.ip_network(one.strip()) for one in self.webhook_allowed_networks.split(",") if one)

    def media_networks(self) -> tuple[Network, ...]:
        """The networks that media may lie in besides the public Internet: with Twilio none, which reaches no others."""
        return self.webhook_networks() if self.simulated else ()

    def billing_secret(self) -> str | None:
        """What payments are signed with, if any are taken."""
        return None if self.billing_webhook_secret is None else self.billing_webhook_secret.get_secret_value()

    def database_owner(self) -> DatabaseAddress:
        """The database, for the user that migrates it."""
        given = parsed(self.database_owner_url) or parsed(self.database_url)
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
    wrong = [*_misspelt(), *problems(settings)]
    if wrong:
        raise SettingsError("\n".join(wrong))
    return settings


def _misspelt() -> list[str]:
    return misspelt(Settings.model_fields, _ENV_FILE)
