"""Proves that a webhook comes from Twilio: it is signed with the auth token of the account that it is about."""

import hmac
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def verify(url: str, fields: Mapping[str, Any], signature: str | None, tokens: Sequence[str]) -> bool:
    """Whether one of the account's tokens signed this request.

    Args:
        url: the public address that Twilio called, as configured, with its query; never one built from the request's
            own headers.
        fields: all form fields received, known or not; a Starlette FormData brings repeated ones along.
        signature: the header X-Twilio-Signature, None where it is missing.
        tokens: the account's auth tokens; two while one replaces the other.
    """
    return _signed(url, fields, signature, tokens)


def verify_body(url: str, body: bytes, signature: str | None, tokens: Sequence[str]) -> bool:
    """The same of a body that is no form: the signed address holds the body's SHA-256 in the field bodySHA256."""
    hashes = parse_qs(urlsplit(url).query).get("bodySHA256", [])
    if len(hashes) != 1:
        return False
    same = hmac.compare_digest(sha256(body).hexdigest().encode(), hashes[0].lower().encode())
    return same and _signed(url, {}, signature, tokens)


def _signed(url: str, fields: Mapping[str, Any], signature: str | None, tokens: Sequence[str]) -> bool:
    if not signature:
        return False
    given = signature.encode("utf-8", "surrogateescape")
    signed = "".join(name + value for name in sorted(set(fields)) for value in _values(fields, name))
    return any(
        hmac.compare_digest(b64encode(hmac.digest(token.encode(), (form + signed).encode(), "sha1")), given)
        for form in _forms(url)
        for token in tokens
        if token  # anyone can sign with an empty key
    )


def _values(fields: Mapping[str, Any], name: str) -> list[str]:
    """A field's values, each once: the SDK's own rule for repeated ones."""
    every = getattr(fields, "getlist", None)
    return [fields[name]] if every is None else sorted(set(every(name)))


def _forms(url: str) -> Iterator[str]:
    """The address with and without its port: Twilio signs either; a fragment holds settings and is never signed."""
    parts = urlsplit(url)._replace(fragment="")
    yield urlunsplit(parts)
    if parts.port is not None:
        yield urlunsplit(parts._replace(netloc=parts.netloc.rpartition(":")[0]))
    elif parts.scheme in _DEFAULT_PORTS:
        yield urlunsplit(parts._replace(netloc=f"{parts.netloc}:{_DEFAULT_PORTS[parts.scheme]}"))
