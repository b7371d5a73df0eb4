"""Every setting that contradicts or misses something, with the message that names it and its mend."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from api.settings import Settings, SettingsError, load_settings
from auth.external.settings import ProviderSettings, SignInMethods

KEY = "k" * 40
LIVE = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "the-token",
    "PUBLIC_URL": "https://portal.example.com",
    "MAIL_URL": "smtp://portal:the-password@mail.example.com:587",
    "MAIL_FROM": "portal@example.com",
}
LIKE_A_MAIL_URL = "MAIL_URL has to be like smtp://user:password@mail.example.com:587, smtps://… or console:."
A_MAIL_FROM = "MAIL_FROM has to be the e-mail address that mails come from, for example portal@example.com."
LIKE_A_LIMITS_URL = (
    "LIMITS_URL has to be like redis://localhost:6379 (a storage of the library limits, whose client has to be "
    "installed: pip install 'limits[redis]')."
)
LIKE_PROXIES = "TRUSTED_PROXIES has to be addresses or networks with commas between them, like 10.0.0.0/8."
PROVIDER = {
    "OIDC_ISSUER": "https://login.example.com/falcon/",
    "OIDC_CLIENT_ID": "portal",
    "OIDC_CLIENT_SECRET": "the-secret",
    "OIDC_NAME": "Falcon ID",
}
DATABASE = "postgresql://portal:the-password@db.example.com:5432/portal"
MAKE_KEY = "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"

_SIGNING = (
    "BILLING_WEBHOOK_SECRET has to be whsec_ and then 24 bytes or more in base64, from: "
    "python3 -c 'import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())'"
)
BAD = {
    "billing_secret_without_its_beginning": ({"BILLING_WEBHOOK_SECRET": "QUJD" * 8}, _SIGNING),
    "billing_secret_too_short": ({"BILLING_WEBHOOK_SECRET": "whsec_QUJDREVGR0hJSktM"}, _SIGNING),
    "billing_secret_no_base64": ({"BILLING_WEBHOOK_SECRET": "whsec_the-secret"}, _SIGNING),
    "port_no_number": ({"PORT": "http"}, "PORT has to be a number from 1 to 65535, for example 8000."),
    "port_out_of_range": ({"PORT": "65536"}, "PORT has to be a number from 1 to 65535, for example 8000."),
    "pool_too_small": ({"POOL_SIZE": "1"}, "POOL_SIZE has to be a number from 2 to 100, for example 10."),
    "log_format": ({"LOG_FORMAT": "xml"}, "LOG_FORMAT has to be json or console."),
    "demo": ({"DEMO": "perhaps"}, "DEMO has to be 1 or 0."),
    "two_at_once": (
        {"PORT": "0", "DEMO": "perhaps"},
        "PORT has to be a number from 1 to 65535, for example 8000.\nDEMO has to be 1 or 0.",
    ),
    "database_of_another_kind": (
        {"DATABASE_URL": "mysql://portal:the-password@localhost/portal"},
        (
            "DATABASE_URL is no PostgreSQL address: it has to start with postgresql://. "
            "For example postgresql://portal@localhost:5432/portal"
        ),
    ),
    "database_without_a_name": (
        {"DATABASE_URL": "postgresql://portal:the-password@localhost"},
        (
            "DATABASE_URL is no PostgreSQL address: it has to name a user, a host and a database: "
            "postgresql://user@host:5432/name. For example postgresql://portal@localhost:5432/portal"
        ),
    ),
    "owner_alone": (
        {"DATABASE_OWNER_URL": DATABASE},
        "DATABASE_OWNER_URL is set without DATABASE_URL: set both, or neither for the embedded database.",
    ),
    "owner_of_another_database": (
        {"DATABASE_URL": DATABASE, "DATABASE_OWNER_URL": DATABASE + "2"},
        "DATABASE_OWNER_URL names another database than DATABASE_URL: only user and password may differ.",
    ),
    "account_without_token": (
        {"TWILIO_ACCOUNT_SID": LIVE["TWILIO_ACCOUNT_SID"]},
        "TWILIO_ACCOUNT_SID is set without TWILIO_AUTH_TOKEN: set both, or neither for the simulator.",
    ),
    "token_without_account": (
        {"TWILIO_AUTH_TOKEN": "the-token"},
        "TWILIO_AUTH_TOKEN is set without TWILIO_ACCOUNT_SID: set both, or neither for the simulator.",
    ),
    "no_account_sid": (
        LIVE | {"TWILIO_ACCOUNT_SID": "SK" + "0" * 32},
        "TWILIO_ACCOUNT_SID is no account SID: it has to be AC and 32 hexadecimal digits.",
    ),
    "demo_with_credentials": (
        LIVE | {"DEMO": "1"},
        "DEMO=1 is refused with Twilio credentials, for it would act on a real account: unset one of them.",
    ),
    "callbacks_that_cannot_arrive": (
        {name: value for name, value in LIVE.items() if name != "PUBLIC_URL"},
        (
            "CALLBACK_URL is http://localhost:8000, which Twilio cannot reach: set it (or PUBLIC_URL) to the https "
            "address of this portal."
        ),
    ),
    "simulator_on_the_network": (
        {"HOST": "0.0.0.0"},  # noqa: S104  refused
        (
            "HOST is 0.0.0.0, which other machines reach, and the simulator with its demo data must stay on this one: "
            "leave HOST at 127.0.0.1, or set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN."
        ),
    ),
    "simulator_elsewhere": (
        {"SIMULATOR_URL": "http://simulator.example.com:80"},
        "SIMULATOR_URL has to be a loopback address with a port, for example http://127.0.0.1:8010.",
    ),
    "public_url_in_the_clear": (
        {"PUBLIC_URL": "http://portal.example.com"},
        "PUBLIC_URL has to begin with https://, because sessions and tokens travel over it.",
    ),
    "public_url_with_a_path": (
        {"PUBLIC_URL": "https://portal.example.com/portal"},
        "PUBLIC_URL has to be scheme and host only, like https://portal.example.com.",
    ),
    "public_url_without_scheme": (
        {"PUBLIC_URL": "portal.example.com"},
        "PUBLIC_URL has to be an address like https://portal.example.com.",
    ),
    "public_url_with_a_broken_port": (
        {"PUBLIC_URL": "https://portal.example.com:port"},
        "PUBLIC_URL has a port that is no number, or a broken host.",
    ),
    "short_key": (
        {"SECRET_KEY": "too-short"},
        f"SECRET_KEY is too short: it needs at least 32 characters; {MAKE_KEY}",
    ),
    "no_key_for_a_real_database": (
        LIVE | {"DATABASE_URL": DATABASE},
        f"SECRET_KEY is missing: all processes on one database share it; {MAKE_KEY}",
    ),
    "no_mail_for_a_real_account": (
        LIVE | {"MAIL_URL": ""},
        (
            "MAIL_URL is missing: invitations and password resets go by mail. For example "
            "smtp://user:password@mail.example.com:587 (or console: for standard output)."
        ),
    ),
    "mail_of_another_kind": ({"MAIL_URL": "imap://u:the-password@mail.example.com"}, LIKE_A_MAIL_URL),
    "mail_to_nowhere": ({"MAIL_URL": "smtp://"}, LIKE_A_MAIL_URL),
    "mail_with_a_path": ({"MAIL_URL": "smtp://mail.example.com/inbox"}, LIKE_A_MAIL_URL),
    "mail_to_a_broken_port": (
        {"MAIL_URL": "smtp://u:the-password@mail.example.com:port"},
        "MAIL_URL has a port that is no number, or a broken host.",
    ),
    "mail_into_a_file_somewhere": (
        {"MAIL_URL": "console:mail.txt"},
        "MAIL_URL names a file that does not begin with a slash: console:/path/to/file.",
    ),
    "mail_from_nobody": (LIVE | {"MAIL_FROM": ""}, A_MAIL_FROM),
    "mail_from_two": (LIVE | {"MAIL_FROM": "a@example.com, b@example.com"}, A_MAIL_FROM),
    "counters_of_another_kind": ({"LIMITS_URL": "mysql://u:the-password@localhost"}, LIKE_A_LIMITS_URL),
    "counters_without_their_client": ({"LIMITS_URL": "memcached://:the-password@localhost:11211"}, LIKE_A_LIMITS_URL),
    "live_updates_elsewhere": (
        {"LIVE_URL": "https://:the-password@localhost"},
        "LIVE_URL has to be the address of a Redis, for example redis://localhost:6379.",
    ),
    "proxies_by_name": ({"TRUSTED_PROXIES": "10.0.0.0/8, proxy.example.com"}, LIKE_PROXIES),
    "provider_in_part": (
        {"OIDC_ISSUER": PROVIDER["OIDC_ISSUER"], "OIDC_NAME": "Falcon ID"},
        (
            "OIDC_ISSUER is set without OIDC_CLIENT_ID and OIDC_CLIENT_SECRET: set all of them, or none to sign in by "
            "password alone."
        ),
    ),
    "provider_secret_alone": (
        {"OIDC_CLIENT_SECRET": "the-secret"},
        (
            "OIDC_CLIENT_SECRET is set without OIDC_ISSUER and OIDC_CLIENT_ID and OIDC_NAME: set all of them, or none "
            "to sign in by password alone."
        ),
    ),
    "provider_in_the_clear": (
        PROVIDER | {"OIDC_ISSUER": "http://login.example.com"},
        "OIDC_ISSUER has to begin with https://, because what it answers decides who signs in.",
    ),
    "provider_with_a_query": (
        PROVIDER | {"OIDC_ISSUER": "https://login.example.com/?tenant=1"},
        "OIDC_ISSUER has to be an address like https://login.example.com, without a query.",
    ),
    "provider_with_a_broken_port": (
        PROVIDER | {"OIDC_ISSUER": "https://login.example.com:port"},
        "OIDC_ISSUER has a port that is no number, or a broken host.",
    ),
    "provider_without_openid": (
        PROVIDER | {"OIDC_SCOPES": "profile email"},
        "OIDC_SCOPES has to hold openid, for example: openid profile email",
    ),
    "provider_with_a_long_name": (
        PROVIDER | {"OIDC_NAME": "F" * 41},
        "OIDC_NAME has to be a name of at most 40 characters, for it stands on a button.",
    ),
    "no_way_to_sign_in": (
        {"PASSWORD_SIGN_IN": "0"},
        "PASSWORD_SIGN_IN=0 leaves no way to sign in: set OIDC_ISSUER, or leave PASSWORD_SIGN_IN at 1.",
    ),
    "demo_without_passwords": (
        PROVIDER | {"PASSWORD_SIGN_IN": "0"},
        "PASSWORD_SIGN_IN=0 keeps the demo's people out, who have passwords alone: set DEMO=0 too.",
    ),
    "password_sign_in": ({"PASSWORD_SIGN_IN": "perhaps"}, "PASSWORD_SIGN_IN has to be 1 or 0."),
    "misspelt": ({"PORTAL_HOMES": "/tmp"}, "PORTAL_HOMES is no setting: did you mean PORTAL_HOME?"),  # noqa: S108  refused
}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in os.environ:
        if name in {field.upper() for field in Settings.model_fields}:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("given", "message"), BAD.values(), ids=BAD.keys())
def test_a_bad_setting_is_named_with_its_mend(
    given: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert str(refused.value) == message
    assert "the-password" not in message
    assert "the-token" not in message
    assert "the-secret" not in message


@pytest.mark.parametrize("command", ["run", "serve", "worker", "migrate", "simulator"])
def test_every_command_ends_with_2_and_the_message_alone(command: str, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "api.command", command],
        env={**os.environ, "PORT": "none", "PORTAL_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stderr == "PORT has to be a number from 1 to 65535, for example 8000.\n"
    assert ended.returncode == 2
    assert not (tmp_path / "home").exists()


def test_without_any_setting_all_is_embedded_simulated_and_local(bare_environment: Path) -> None:
    settings = load_settings()
    assert settings.embedded
    assert settings.simulated
    assert settings.with_demo
    assert (settings.host, settings.port, settings.url) == ("127.0.0.1", 8000, "http://localhost:8000")
    assert settings.provider_callback_url == "http://localhost:8000"
    assert settings.home == bare_environment / ".portal"
    assert settings.database().user == "portal"
    assert settings.database_owner().user == "postgres"
    assert settings.product_name == "Owl Inc."
    assert settings.mail_file == bare_environment / ".portal" / "mail.txt"


def test_a_file_env_gives_settings_and_the_environment_wins(
    bare_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bare_environment / ".env").write_text("PORT=9001\nPRODUCT_NAME=Heron Ltd.\nPORTAL_HOM=x\n")
    monkeypatch.setenv("PORT", "9002")
    with pytest.raises(SettingsError, match="PORTAL_HOM is no setting: did you mean PORTAL_HOME"):
        load_settings()
    (bare_environment / ".env").write_text("PORT=9001\nPRODUCT_NAME=Heron Ltd.\n")
    settings = load_settings()
    assert (settings.port, settings.url, settings.product_name) == (9002, "http://localhost:9002", "Heron Ltd.")


def test_production_settings_pass_without_demo_data(monkeypatch: pytest.MonkeyPatch) -> None:
    given = LIVE | {"HOST": "0.0.0.0", "DATABASE_URL": DATABASE, "SECRET_KEY": KEY, "CALLBACK_URL": ""}  # noqa: S104  a setting, nothing listens
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert not settings.with_demo
    assert not settings.simulated
    assert settings.provider_callback_url == "https://portal.example.com"
    assert settings.database_owner() == settings.database()
    assert settings.mail_file is None


def test_a_provider_is_taken_to_the_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().sign_in_methods() == SignInMethods(password=True, provider=None)
    for name, value in (PROVIDER | {"PASSWORD_SIGN_IN": "0", "DEMO": "0"}).items():
        monkeypatch.setenv(name, value)
    provider = ProviderSettings("https://login.example.com/falcon/", "portal", "the-secret", "Falcon ID")
    assert load_settings().sign_in_methods() == SignInMethods(password=False, provider=provider)


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (LIVE | PROVIDER | {"DATABASE_URL": DATABASE, "SECRET_KEY": KEY}).items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    shown = f"{settings!r} {settings} {settings.sign_in_methods()!r}"
    assert "the-secret" not in shown
    assert "the-token" not in shown
    assert "the-password" not in shown
    assert KEY not in shown
