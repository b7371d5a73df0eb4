"""Encrypts what has to be read again, such as provider credentials and signing keys, under the settings' secret."""

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SHORTEST_SECRET = 32


class WrongSecretError(Exception):
    """What lies in the database was encrypted under another secret, or was changed."""

    def __init__(self) -> None:
        super().__init__("cannot decrypt what the database holds: the portal's secret is not the one it began with")


class SecretBox:
    """Encrypts and decrypts with a key derived from the settings' secret (Fernet: AES-128-CBC and HMAC-SHA256)."""

    def __init__(self, secret: str) -> None:
        if len(secret) < SHORTEST_SECRET:
            raise ValueError(f"the secret needs at least {SHORTEST_SECRET} characters")
        # HKDF is enough for a random secret; the salt and purpose are fixed, so that each process derives the same key.
        derived = HKDF(SHA256(), length=32, salt=None, info=b"portal secret box").derive(secret.encode())
        self._fernet = Fernet(urlsafe_b64encode(derived))

    def encrypt(self, plain: bytes | str) -> bytes:
        """Encrypt and authenticate; text as UTF-8."""
        return self._fernet.encrypt(plain.encode() if isinstance(plain, str) else plain)

    def decrypt(self, encrypted: bytes) -> bytes:
        """What was encrypted.

        Raises:
            WrongSecretError: it was encrypted under another secret, or changed since.
        """
        try:
            return self._fernet.decrypt(bytes(encrypted))
        except InvalidToken:
            raise WrongSecretError from None
