"""ID tokens that prove nobody (OpenID Connect Core, 3.1.3.7); the ids are those of the list of checks."""

import asyncio
import logging
from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc.jwk import ECKey, OctKey

from tests.auth.external.browser import CALLBACK, Browser, browser
from tests.auth.external.lying_provider import NOTHING, SECRET, LyingProvider
from tests.auth.external.test_responses import assert_nobody, leave

Lie = Callable[[LyingProvider], None]


def claiming(**claims: Any) -> Lie:
    """The ID token has these claims instead."""
    return lambda liar: liar.claims.update(claims)


def at(name: str, seconds: int) -> Lie:
    """A time that lies so many seconds after the portal's."""
    return lambda liar: liar.claims.update({name: int(liar.clock.now().timestamp()) + seconds})


def answering(**tokens: Any) -> Lie:
    """The token endpoint's answer has these members instead."""
    return lambda liar: liar.tokens.update(tokens)


def signing(key: ECKey | OctKey, **header: Any) -> Lie:
    """Another key signs, under this header."""

    def lie(liar: LyingProvider) -> None:
        liar.signs_with = key
        liar.header = header

    return lie


def unsigned(alg: str) -> Lie:
    """Nobody signs."""
    header = urlsafe_b64encode(f'{{"alg":"{alg}"}}'.encode()).decode().rstrip("=")
    return lambda liar: setattr(liar, "instead_of_header", header)


def signing_with_the_public_key(liar: LyingProvider) -> None:
    """The confusion of a public key with a shared secret."""
    signing(OctKey.import_key(liar.key.as_pem(private=False).replace(b"-----", b"")), alg="HS256")(liar)


OTHER_KEY = ECKey.generate_key("P-256", {"alg": "ES256", "use": "sig"}, auto_kid=True)
BAD: dict[str, tuple[Lie, str]] = {
    "BF-04 another nonce": (claiming(nonce="another"), "InvalidClaimError of nonce"),
    "BF-04 no nonce": (claiming(nonce=NOTHING), "MissingClaimError of nonce"),
    "BF-04 nonce of another type": (claiming(nonce=["x"]), "InvalidClaimError of nonce"),
    "BF-04 another aud": (claiming(aud="another"), "InvalidClaimError of aud"),
    "BF-04 another aud, for us by azp": (claiming(aud="another", azp="the-portal"), "InvalidClaimError of aud"),
    "BF-04 several aud without azp": (claiming(aud=["the-portal", "another"]), "MissingClaimError of azp"),
    "BF-04 another azp": (claiming(azp="another"), "InvalidClaimError of azp"),
    "BF-04 no aud": (claiming(aud=NOTHING), "MissingClaimError of aud"),
    "BF-04 empty aud": (claiming(aud=[]), "InvalidClaimError of aud"),
    "BF-04 another iss": (claiming(iss="https://evil.example.com"), "InvalidClaimError of iss"),
    "BF-04 no iss": (claiming(iss=NOTHING), "MissingClaimError of iss"),
    "BF-04 expired": (at("exp", -61), "ExpiredTokenError of exp"),
    "BF-04 no exp": (claiming(exp=NOTHING), "MissingClaimError of exp"),
    "BF-04 exp that is no number": (claiming(exp="tomorrow"), "InvalidClaimError of exp"),
    "BF-04 not yet issued": (at("iat", 120), "InvalidClaimError of iat"),
    "BF-04 not yet valid": (at("nbf", 120), "InvalidClaimError of nbf"),
    "BF-04 no iat": (claiming(iat=NOTHING), "MissingClaimError of iat"),
    "BF-04 alg none": (unsigned("none"), "UnsupportedAlgorithmError"),
    "BF-04 alg None": (unsigned("None"), "UnsupportedAlgorithmError"),
    "BF-04 alg HS256 by the client's secret": (
        signing(OctKey.import_key(SECRET), alg="HS256"),
        "UnsupportedAlgorithmError",
    ),
    "BF-04 alg HS256 by the public key": (signing_with_the_public_key, "UnsupportedAlgorithmError"),
    "BF-04 another key by the same name": (signing(OTHER_KEY), "BadSignatureError"),
    "BF-04 another key in the header": (
        signing(OTHER_KEY, kid=NOTHING, jwk=OTHER_KEY.as_dict(private=False)),
        "BadSignatureError",
    ),
    "BF-04 a key that is not published": (signing(OTHER_KEY, kid=OTHER_KEY.kid), "InvalidKeyIdError"),
    "another access token's hash": (claiming(at_hash="AAAAAAAAAAAAAAAAAAAAAA"), "InvalidClaimError of at_hash"),
    "no subject": (claiming(sub=NOTHING), "MissingClaimError of sub"),
    "empty subject": (claiming(sub=""), "the ID token's subject is none"),
    "subject that is no text": (claiming(sub=7), "InvalidClaimError of sub"),
    "subject of 256 characters": (claiming(sub="s" * 256), "the ID token's subject is none"),
    "subject with a NUL": (claiming(sub="s\x00"), "the ID token's subject is none"),
    "no ID token": (answering(id_token=NOTHING), "the answer has no ID token"),
    "ID token of two parts": (answering(id_token="e30.e30"), "DecodeError"),
    "ID token of another type": (answering(id_token={"sub": "liar-1"}), "cannot be read (TypeError)"),
    "ID token that is null": (answering(id_token=None), "cannot be read (TypeError)"),
    "an error": (answering(error="invalid_grant"), "the provider gave no tokens for the code"),
}


@pytest.mark.parametrize(("lie", "why"), BAD.values(), ids=BAD.keys())
async def test_a_bad_id_token_signs_nobody_in(
    victim: Browser, liar: LyingProvider, lie: Lie, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="auth")
    lie(liar)
    answer = await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar))}")
    assert answer.status_code == (502 if "cannot be read" in why else 400)
    assert "You are not signed in." in answer.text
    assert liar.asked["/token"] == 1
    [said] = caplog.messages
    assert why in said
    await assert_nobody(victim)


@pytest.mark.parametrize(
    "right",
    [
        claiming(azp="the-portal"),
        claiming(aud=["the-portal", "another"], azp="the-portal"),
        claiming(sub="s" * 255),
        at("exp", -59),
        at("iat", 59),
    ],
    ids=["azp", "several aud with azp", "longest subject", "expired within the leeway", "a clock that is ahead"],
)
async def test_what_the_standard_allows_signs_in(victim: Browser, liar: LyingProvider, right: Lie) -> None:
    right(liar)
    assert (await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar))}")).status_code == 303


async def test_keys_are_looked_for_at_once_but_not_often(victim: Browser, liar: LyingProvider) -> None:
    assert (await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar))}")).status_code == 303
    assert liar.asked["/keys"] == 1
    liar.signs_with, liar.header = OTHER_KEY, {"kid": OTHER_KEY.kid}
    for _ in range(5):
        assert (await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar))}")).status_code == 400
    assert liar.asked["/keys"] == 2
    victim.house.clock.advance(timedelta(seconds=5))
    liar.key = OTHER_KEY
    assert (await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar))}")).status_code == 303
    assert liar.asked["/keys"] == 3


async def test_twenty_at_once_look_for_a_key_once(victim: Browser, liar: LyingProvider) -> None:
    assert (await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar))}")).status_code == 303
    liar.key = OTHER_KEY
    async with AsyncExitStack() as stack:
        browsers = [await stack.enter_async_context(browser(victim.house)) for _ in range(20)]
        backs = [f"{CALLBACK}?{urlencode(await leave(each, liar))}" for each in browsers]
        answers = await asyncio.gather(*(each.get(back) for each, back in zip(browsers, backs, strict=True)))
    assert [answer.status_code for answer in answers] == [303] * 20
    assert liar.asked["/keys"] == 2


async def test_a_withdrawn_key_is_believed_for_a_quarter_of_an_hour(victim: Browser, liar: LyingProvider) -> None:
    assert (await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar))}")).status_code == 303
    liar.signs_with, liar.header = liar.key, {"kid": liar.key.kid}
    liar.key = OTHER_KEY
    assert (await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar))}")).status_code == 303
    victim.house.clock.advance(timedelta(minutes=15))
    assert (await victim.get(f"{CALLBACK}?{urlencode(await leave(victim, liar))}")).status_code == 400
