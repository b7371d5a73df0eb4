"""The public keys that a client's assertions are checked with: a JSON Web Key Set (RFC 7517), read strictly. Pure."""

from typing import Any

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key
from joserfc.util import base64_to_int

MOST_KEYS = 5
_LARGEST = 16 * 1024
_RSA_BITS = range(2048, 8193)
_LONGEST_KID = 255
# What is kept of a key, by its type and curve, and the algorithm that it is good for. Anything else is dropped.
_PUBLIC: dict[tuple[str, str | None], tuple[tuple[str, ...], str]] = {
    ("EC", "P-256"): (("kty", "crv", "x", "y"), "ES256"),
    ("RSA", None): (("kty", "n", "e"), "RS256"),
    ("OKP", "Ed25519"): (("kty", "crv", "x"), "Ed25519"),
}
_PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}  # RFC 7518, 6
_ALSO_CALLED = {"EdDSA": "Ed25519"}  # RFC 9864


class BadKeysError(ValueError):
    """The set cannot be used; the text says why, and quotes nothing of a key."""


def read_public_keys(given: object) -> dict[str, Any]:
    """The set as it is kept: each key with `kid`, `alg` and `use`, and no more than its public members.

    Raises:
        BadKeysError: it is no such set, holds a private key, or one of another kind.
    """
    keys = given.get("keys") if isinstance(given, dict) else None
    if not isinstance(keys, list) or not keys:
        raise BadKeysError('Send a JSON Web Key Set: {"keys": [...]}, with at least one key.')
    if len(keys) > MOST_KEYS or _size(given) > _LARGEST:
        raise BadKeysError(f"At most {MOST_KEYS} keys, of {_LARGEST // 1024} KB together.")
    read = [_read(key) for key in keys]
    if len({key["kid"] for key in read}) < len(read):
        raise BadKeysError("Two keys have the same kid.")
    return {"keys": read}


def _size(given: object) -> int:
    try:
        return len(orjson.dumps(given))
    except TypeError:  # nested without end, or a number of more than 64 bits
        raise BadKeysError("The set cannot be read.") from None


def _read(key: object) -> dict[str, str]:
    if not isinstance(key, dict):
        raise BadKeysError("Each key is a JSON object.")
    if _PRIVATE & key.keys():
        raise BadKeysError("A private or symmetric key was sent: make a new one, and send its public half alone.")
    kind = (key.get("kty"), key.get("crv") if key.get("kty") != "RSA" else None)
    if not all(isinstance(part, str) or part is None for part in kind) or kind not in _PUBLIC:
        raise BadKeysError("A key is an EC key on P-256, an RSA key or an OKP key Ed25519.")
    members, algorithm = _PUBLIC[kind]
    operations = key.get("key_ops", ["verify"])
    if key.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        raise BadKeysError("A key is not for signatures.")
    alg = key.get("alg", algorithm)
    if not isinstance(alg, str) or _ALSO_CALLED.get(alg, alg) != algorithm:
        raise BadKeysError(f"The algorithm of such a key is {algorithm}.")
    public = {name: key[name] for name in members if isinstance(key.get(name), str)}
    kid = key.get("kid", _imported(public).thumbprint())
    if not isinstance(kid, str) or not 1 <= len(kid) <= _LONGEST_KID or not kid.isprintable():
        raise BadKeysError(f"A kid has 1 to {_LONGEST_KID} printable characters.")
    return {**public, "kid": kid, "alg": algorithm, "use": "sig"}


def _imported(public: dict[str, str]) -> ECKey | RSAKey | OKPKey:
    try:
        bits = base64_to_int(public["n"]).bit_length() if public["kty"] == "RSA" else _RSA_BITS[0]
        key = import_key(dict(public)) if bits in _RSA_BITS else None
    except (JoseError, ValueError, TypeError, KeyError):
        raise BadKeysError("A key cannot be read.") from None
    if key is None:
        raise BadKeysError(f"An RSA key has {_RSA_BITS[0]} to {_RSA_BITS[-1]} bits.")
    if not isinstance(key, ECKey | RSAKey | OKPKey):
        raise BadKeysError("A key cannot be read.")
    return key
