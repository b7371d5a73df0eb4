"""docker-compose.yml and Dockerfile name only what exists: commands, settings, files."""

import re
from pathlib import Path
from typing import Any

import pytest

from api.command import portal
from api.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
FOR_COMPOSE_ALONE = {"DATABASE_PASSWORD", "DATABASE_OWNER_PASSWORD"}
FOR_POSTGRES = {"POSTGRES_DB", "POSTGRES_PASSWORD"}
NOT_IN_PRODUCTION = {"DEMO", "LOG_FORMAT", "PORTAL_HOME", "SIMULATOR_URL"}  # of the machine that tries it, or as it is


def test_every_command_exists() -> None:
    known = {command.callback.__name__ for command in portal.registered_commands if command.callback}
    named = re.findall(r'\["portal", "(\w+)"\]', COMPOSE + DOCKERFILE)
    assert sorted(named) == ["migrate", "serve", "serve", "worker"]
    assert set(named) <= known


def test_every_variable_is_a_setting() -> None:
    settings = {name.upper() for name in Settings.model_fields}
    keys = set(re.findall(r"^ +([A-Z_]+): ", COMPOSE, re.MULTILINE))
    asked = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", COMPOSE))
    assert keys - settings - FOR_POSTGRES == {"DATABASE_PASSWORD"}
    assert asked - settings == FOR_COMPOSE_ALONE
    assert {"SECRET_KEY", "DATABASE_URL", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "PUBLIC_URL"} <= keys


def test_every_setting_of_production_reaches_the_containers() -> None:
    keys = set(re.findall(r"^ +([A-Z_]+): ", COMPOSE, re.MULTILINE))
    assert {name.upper() for name in Settings.model_fields} - keys == NOT_IN_PRODUCTION


def test_what_is_left_empty_is_as_if_it_were_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    optional = re.findall(r"^ +([A-Z_]+): \$\{[A-Z_]+:-\}", COMPOSE, re.MULTILINE)
    for name in optional:
        monkeypatch.setenv(name, "")
    nothing_else: dict[str, Any] = {"_env_file": None}
    given = Settings(**nothing_else)
    assert "OIDC_ISSUER" in optional
    assert {name: getattr(given, name.lower()) for name in optional} == {
        name: Settings.model_fields[name.lower()].default for name in optional
    }


def test_no_secret_has_a_value_in_the_file() -> None:
    for name in ("POSTGRES_PASSWORD", "DATABASE_PASSWORD", "SECRET_KEY", "TWILIO_AUTH_TOKEN", "MAIL_URL"):
        assert re.search(rf"^ +{name}: \$\{{[A-Z_]+:\?[^}}]+\}}$", COMPOSE, re.MULTILINE), name


def test_every_copied_file_exists_and_passes_the_ignore_file() -> None:
    allowed = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE):
        for source in sources.split():
            assert (ROOT / source).exists(), source
            assert source.split("/")[0] in allowed, source
