"""Which public keys are taken from a client, and what is kept of them."""

from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from auth.public_keys import MOST_KEYS, BadKeysError, read_public_keys

EC: dict[str, Any] = dict(ECKey.generate_key("P-256").as_dict(private=False))
RSA: dict[str, Any] = dict(RSAKey.generate_key(2048).as_dict(private=False))
ED: dict[str, Any] = dict(OKPKey.generate_key("Ed25519").as_dict(private=False))


@pytest.mark.parametrize(("key", "alg"), [(EC, "ES256"), (RSA, "RS256"), (ED, "Ed25519")])
def test_a_key_is_kept_with_its_name_and_algorithm_and_nothing_else(key: dict[str, Any], alg: str) -> None:
    plain = {name: value for name, value in key.items() if name not in {"kid", "use", "alg"}}
    (kept,) = read_public_keys({"keys": [plain | {"x5u": "https://example.com", "note": "mine"}]})["keys"]
    assert kept == plain | {"alg": alg, "use": "sig", "kid": kept["kid"]}
    (named,) = read_public_keys({"keys": [plain | {"kid": "till", "use": "sig", "key_ops": ["verify"]}]})["keys"]
    assert named == kept | {"kid": "till"}


def test_ed25519_may_be_called_by_its_older_name() -> None:
    (kept,) = read_public_keys({"keys": [ED | {"alg": "EdDSA"}]})["keys"]
    assert kept["alg"] == "Ed25519"


def _nested(depth: int) -> object:
    return {"note": _nested(depth - 1)} if depth else "x"


REFUSED: dict[str, tuple[object, str]] = {
    "nothing": (None, "JSON Web Key Set"),
    "a text": ("x", "JSON Web Key Set"),
    "a key alone": (EC, "JSON Web Key Set"),
    "no key": ({"keys": []}, "at least one"),
    "keys by name": ({"keys": {"a": EC}}, "JSON Web Key Set"),
    "a key that is a text": ({"keys": ["x"]}, "JSON object"),
    "too many": ({"keys": [EC | {"kid": str(n)} for n in range(MOST_KEYS + 1)]}, "At most"),
    "too much": ({"keys": [EC | {"note": "x" * 20_000}]}, "At most"),
    "too deep": ({"keys": [EC | {"note": _nested(300)}]}, "cannot be read"),
    "a number beyond all": ({"keys": [EC | {"note": 2**70}]}, "cannot be read"),
    "one name twice": ({"keys": [EC | {"kid": "a"}, ED | {"kid": "a"}]}, "same kid"),
    "a private EC key": ({"keys": [dict(ECKey.generate_key("P-256").as_dict(private=True))]}, "private"),
    "a private RSA key": ({"keys": [RSA | {"p": "AQAB"}]}, "private"),
    "a shared secret": ({"keys": [dict(OctKey.generate_key(256).as_dict(private=True))]}, "symmetric"),
    "another curve": ({"keys": [dict(ECKey.generate_key("P-384").as_dict(private=False))]}, "P-256"),
    "another kind": ({"keys": [{"kty": "XYZ"}]}, "P-256"),
    "a kind that is none": ({"keys": [{"kty": ["EC"], "crv": {}}]}, "P-256"),
    "a short RSA key": ({"keys": [RSA | {"n": RSA["n"][:100]}]}, "2048"),
    "a point off the curve": ({"keys": [EC | {"x": EC["y"]}]}, "cannot be read"),
    "no point": ({"keys": [{"kty": "EC", "crv": "P-256", "x": 1, "y": None}]}, "cannot be read"),
    "for encryption": ({"keys": [EC | {"use": "enc"}]}, "signatures"),
    "for signing alone": ({"keys": [EC | {"key_ops": ["sign"]}]}, "signatures"),
    "operations that are none": ({"keys": [EC | {"key_ops": 5}]}, "signatures"),
    "another algorithm": ({"keys": [EC | {"alg": "none"}]}, "ES256"),
    "no algorithm": ({"keys": [EC | {"alg": ["ES256"]}]}, "ES256"),
    "a name of two lines": ({"keys": [EC | {"kid": "a\nb"}]}, "kid"),
    "an empty name": ({"keys": [EC | {"kid": ""}]}, "kid"),
    "a name that is none": ({"keys": [EC | {"kid": 5}]}, "kid"),
}


@pytest.mark.parametrize(("given", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_any_other_set_is_refused_with_the_reason(given: object, why: str) -> None:
    with pytest.raises(BadKeysError, match=why):
        read_public_keys(given)
