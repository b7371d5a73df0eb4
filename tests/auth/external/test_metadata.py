"""What the provider publishes: another's metadata, and answers that are too much; the ids are those of the checks."""

import logging
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.responses import JSONResponse, RedirectResponse, Response

from auth.external import fetching
from auth.external.settings import ProviderSettings, SignInMethods
from portal.database import Database
from tests.auth.external.browser import CALLBACK, Browser, browser
from tests.auth.external.lying_provider import NOTHING, SECRET, LyingProvider
from tests.auth.external.test_responses import assert_nobody, leave
from tests.auth.house import PASSWORD, serve
from tests.serving import free_port
from tests.turnable_clock import TurnableClock

DISCOVERY = "/.well-known/openid-configuration"
IMPOSSIBLE = "Signing in with Falcon ID is not possible at the moment."


async def _refused(victim: Browser, caplog: pytest.LogCaptureFixture, why: str) -> None:
    caplog.set_level(logging.INFO, logger="auth")
    answer = await victim.post("/sign-in/external")
    assert answer.status_code == 502
    assert IMPOSSIBLE in answer.text
    assert "set-cookie" not in answer.headers
    [said] = caplog.messages
    assert said.startswith("external sign-in is not possible: ")
    assert why in said


@pytest.mark.parametrize(
    "named",
    ["https://evil.example.com", "{issuer}/", NOTHING, ["{issuer}"], "x" * 9999],
    ids=["RS-28 another", "RS-28 a slash more", "RS-28 none", "RS-28 a list", "RS-28 a long one"],
)
async def test_metadata_of_another_issuer_lets_nobody_leave(
    victim: Browser, liar: LyingProvider, named: Any, caplog: pytest.LogCaptureFixture
) -> None:
    liar.metadata = {"issuer": named.format(issuer=liar.issuer) if isinstance(named, str) else named}
    await _refused(victim, caplog, f"OIDC_ISSUER is {liar.issuer}, but the metadata there names the issuer ")
    assert len(caplog.messages[0]) < 500
    assert liar.asked.total() == 1


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no algorithm but none": (
        {"id_token_signing_alg_values_supported": ["none", "HS256"]},
        "no algorithm of ID tokens",
    ),
    "no algorithms": ({"id_token_signing_alg_values_supported": NOTHING}, "no algorithm of ID tokens"),
    "algorithms of another type": ({"id_token_signing_alg_values_supported": "ES256"}, "no algorithm of ID tokens"),
    "no token endpoint": ({"token_endpoint": NOTHING}, "token_endpoint is no address"),
    "a token endpoint of another type": ({"token_endpoint": 1}, "token_endpoint is no address"),
    "a token endpoint of a broken port": (
        {"token_endpoint": "https://a.example:port"},
        "token_endpoint is no address",
    ),
    "a token endpoint with a password": ({"token_endpoint": "https://u:p@a.example"}, "token_endpoint is no address"),
    "an endpoint of another kind": ({"authorization_endpoint": "javascript:alert(1)"}, "is no address"),
    "keys in a file": ({"jwks_uri": "file://localhost/etc/passwd"}, "jwks_uri is not https"),
    "no secret accepted": (
        {"token_endpoint_auth_methods_supported": ["private_key_jwt", "none"]},
        "no authentication by client secret",
    ),
}


@pytest.mark.parametrize(("metadata", "why"), BAD.values(), ids=BAD.keys())
async def test_metadata_that_offers_too_little_lets_nobody_leave(
    victim: Browser, liar: LyingProvider, metadata: dict[str, Any], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    liar.metadata = metadata
    await _refused(victim, caplog, why)


ANSWERS: dict[str, tuple[Response, str]] = {
    "a redirect": (RedirectResponse("/elsewhere"), "answered with status 307"),
    "an error": (Response(status_code=500), "answered with status 500"),
    "no JSON": (Response("<html>"), "is not JSON"),
    "a list": (JSONResponse([]), "is no JSON object"),
    "deep nesting": (Response("[" * 100_000), "is not JSON"),
    "too much": (Response(b" " * (256 * 1024 + 1)), "more than 256 KiB"),
    "compressed": (Response(b"", headers={"Content-Encoding": "gzip"}), "answered compressed"),
}


@pytest.mark.parametrize(("answer", "why"), ANSWERS.values(), ids=ANSWERS.keys())
async def test_metadata_that_is_none_lets_nobody_leave(
    victim: Browser, liar: LyingProvider, answer: Response, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    liar.instead[DISCOVERY] = answer
    await _refused(victim, caplog, why)
    assert liar.asked == {DISCOVERY: 1}


@pytest.mark.parametrize("path", ["/token", "/keys", "/userinfo"])
@pytest.mark.parametrize("answer", [*(answer for answer, _ in ANSWERS.values()), JSONResponse({})])
async def test_nonsense_on_the_way_back_signs_nobody_in(
    victim: Browser, liar: LyingProvider, path: str, answer: Response
) -> None:
    liar.claims = {"email": NOTHING}
    liar.instead[path] = answer
    back = await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar))}")
    assert back.status_code in {400, 502}
    assert "You are not signed in." in back.text
    assert liar.asked["/elsewhere"] == 0
    await assert_nobody(victim)


async def test_metadata_is_read_again_once_a_provider_mended_it(
    victim: Browser, liar: LyingProvider, caplog: pytest.LogCaptureFixture
) -> None:
    liar.instead[DISCOVERY] = Response(status_code=503)
    await _refused(victim, caplog, "answered with status 503")
    del liar.instead[DISCOVERY]
    assert (await victim.post("/sign-in/external")).status_code == 502  # asked a moment ago
    assert liar.asked[DISCOVERY] == 1
    liar.clock.advance(timedelta(seconds=5))
    assert (await victim.post("/sign-in/external")).status_code == 200


async def test_the_secret_goes_into_the_form_where_the_provider_takes_it_there_alone(
    victim: Browser, liar: LyingProvider
) -> None:
    assert (await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar))}")).status_code == 303
    assert sorted(liar.posted) == ["code", "code_verifier", "grant_type", "redirect_uri"]
    liar.metadata = {"token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_post"]}
    liar.clock.advance(timedelta(minutes=15))
    assert (await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar))}")).status_code == 303
    assert (liar.posted["client_id"], liar.posted["client_secret"]) == ("the-portal", SECRET)


async def test_the_metadata_gives_the_http_client_no_orders(victim: Browser, liar: LyingProvider) -> None:
    liar.metadata = {
        "proxy": "http://127.0.0.1:1",
        "verify": False,
        "follow_redirects": True,
        "headers": {"X": "y"},
        "client_id": "another",
        "client_secret": "another",
        "scope": "everything",
        "grant_type": "password",
        "response_type": "token",
        "redirect_uri": "https://evil.example.com",
        "jwks": {"keys": []},
    }
    assert (await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar))}")).status_code == 303


async def test_a_provider_that_is_away_or_silent_is_said_to_be(
    database: Database, clock: TurnableClock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "SECONDS", 0.2)
    with free_port() as silent:  # it takes connections, and nobody answers
        issuer = f"http://127.0.0.1:{silent.getsockname()[1]}"
        methods = SignInMethods(provider=ProviderSettings(issuer, "the-portal", "a secret", "Falcon ID"))
        async with serve(database, clock, sign_in_methods=methods) as house, browser(house) as victim:
            await _refused(victim, caplog, "cannot be reached")
            caplog.clear()
            clock.advance(timedelta(seconds=5))
            silent.close()
            await _refused(victim, caplog, "cannot be reached (ConnectError)")


async def test_without_passwords_the_provider_is_the_only_way_in(
    database: Database, clock: TurnableClock, liar: LyingProvider
) -> None:
    methods = SignInMethods(password=False, provider=liar.settings)
    async with serve(database, clock, sign_in_methods=methods) as house, browser(house) as victim:
        await house.person("oscar@example.com")
        page = (await victim.get("/sign-in?return_to=/page")).text
        assert 'type="password"' not in page
        assert "Sign in with Falcon ID" in page
        answer = await victim.post("/sign-in", {"email": "oscar@example.com", "password": PASSWORD})
        assert answer.status_code == 405
        assert await victim.who() == "nobody"
        assert (await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar))}")).status_code == 303


async def test_without_a_provider_nothing_leads_to_one(database: Database, clock: TurnableClock) -> None:
    async with serve(database, clock) as house, browser(house) as victim:
        assert "/sign-in/external" not in (await victim.get("/sign-in")).text
        assert (await victim.post("/sign-in/external")).status_code == 404
        assert (await victim.get(CALLBACK)).status_code == 404
