"""What is wrong with the settings as a whole: each problem names the setting and how to mend it."""

import base64
import difflib
import ipaddress
import os
import re
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dotenv import dotenv_values
from limits.errors import ConfigurationError
from pydantic import SecretStr

from api.addresses import is_loopback, issuer_problem, port_of, url_problem
from auth.throttle import Throttle
from portal.clock import SystemClock
from portal.database.address import AddressError, DatabaseAddress
from portal.encryption import SHORTEST_SECRET
from portal.mail.url import MailUrlError

if TYPE_CHECKING:
    from api.settings import Settings

_SHORTEST_KEY = 24  # bytes, as Standard Webhooks asks for
_SID = re.compile(r"AC[0-9a-f]{32}")
_MAKE_BYTES = "python3 -c 'import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())'"
_MAKE_KEY = "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"


def problems(settings: "Settings") -> Iterator[str]:
    """Each thing that is wrong, with its mend."""
    yield from _address_problems(settings)
    yield from _database_problems(settings)
    yield from _provider_problems(settings)
    yield from _mail_problems(settings)
    yield from _limits_problems(settings)
    yield from _live_problems(settings)
    yield from _webhook_problems(settings)
    yield from _files_problems(settings)
    yield from _sign_in_problems(settings)
    key = settings.secret_key
    if key is not None and len(key.get_secret_value()) < SHORTEST_SECRET:
        yield f"SECRET_KEY is too short: it needs at least {SHORTEST_SECRET} characters; {_MAKE_KEY}"
    if key is None and not settings.embedded and not settings.with_demo:
        yield f"SECRET_KEY is missing: all processes on one database share it; {_MAKE_KEY}"


def _address_problems(settings: "Settings") -> Iterator[str]:
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


def _database_problems(settings: "Settings") -> Iterator[str]:
    addresses = []
    for name, secret in (("DATABASE_URL", settings.database_url), ("DATABASE_OWNER_URL", settings.database_owner_url)):
        try:
            addresses.append(parsed(secret))
        except AddressError as error:
            yield f"{name} is no PostgreSQL address: {error}. For example postgresql://portal@localhost:5432/portal"
            return
    portal, owner = addresses
    if owner and not portal:
        yield "DATABASE_OWNER_URL is set without DATABASE_URL: set both, or neither for the embedded database."
    if owner and portal and (owner.host, owner.port, owner.database) != (portal.host, portal.port, portal.database):
        yield "DATABASE_OWNER_URL names another database than DATABASE_URL: only user and password may differ."


def _provider_problems(settings: "Settings") -> Iterator[str]:
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


def _mail_problems(settings: "Settings") -> Iterator[str]:
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


def _limits_problems(settings: "Settings") -> Iterator[str]:
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


def _live_problems(settings: "Settings") -> Iterator[str]:
    if settings.live_url is None:
        return
    if urlsplit(settings.live_url.get_secret_value()).scheme not in {"redis", "rediss", "unix"}:
        yield "LIVE_URL has to be the address of a Redis, for example redis://localhost:6379."
    if find_spec("redis") is None:
        yield "LIVE_URL needs Redis's client: pip install 'isv-portal[redis]'."


def _files_problems(settings: "Settings") -> Iterator[str]:
    if settings.files_url is None:
        return
    try:
        bucket = urlsplit(settings.files_url)
        usable = bucket.scheme == "s3" and bucket.hostname and not (bucket.username or bucket.query or bucket.fragment)
    except ValueError:
        usable = False
    if not usable:
        yield (
            "FILES_URL has to be like s3://bucket/prefix; keys, region and another service's address are set as "
            "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL."
        )


def _webhook_problems(settings: "Settings") -> Iterator[str]:
    secret = settings.billing_webhook_secret
    if secret is not None and not _is_signing_secret(secret.get_secret_value()):
        yield f"BILLING_WEBHOOK_SECRET has to be whsec_ and then 24 bytes or more in base64, from: {_MAKE_BYTES}"
    try:
        settings.webhook_networks()
    except ValueError:
        yield "WEBHOOK_ALLOWED_NETWORKS has to be networks with commas between them, like 10.20.0.0/16."


def _is_signing_secret(text: str) -> bool:
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
        return text.startswith("whsec_") and len(key) >= _SHORTEST_KEY
    except ValueError:
        return False


def _sign_in_problems(settings: "Settings") -> Iterator[str]:
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


def misspelt(fields: Iterable[str], env_file: str) -> list[str]:
    """Names in the environment that look like a setting and are none."""
    known = sorted(name.upper() for name in fields)
    given = {name.upper() for name in (*os.environ, *dotenv_values(env_file)) if name.upper().startswith("PORTAL_")}
    likely = {name: difflib.get_close_matches(name, known, n=1, cutoff=0.7) for name in sorted(given - set(known))}
    return [f"{name} is no setting: did you mean {like[0]}?" for name, like in likely.items() if like]


def parsed(secret: SecretStr | None) -> DatabaseAddress | None:
    """The address in a setting, if it is set."""
    return DatabaseAddress.parse(secret.get_secret_value()) if secret else None
