"""Secrets that the portal makes: 256 random bits, of which the database holds the SHA-256 alone."""

import secrets
from hashlib import sha256

_BYTES = 32


def new_secret(prefix: str = "") -> str:
    """A new secret, safe in URLs, forms, headers and cookies; the prefix lets secret scanners find a leaked one."""
    return prefix + secrets.token_urlsafe(_BYTES)


def hash_of(secret: str) -> bytes:
    """What the database holds; a slow hash protects guessable secrets, and these are not."""
    return sha256(secret.encode()).digest()
