"""Encrypts what has to be read again, such as provider credentials, and signs, both under the settings' secret."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
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
        self._fernet = Fernet(urlsafe_b64encode(_derived(secret, "portal secret box")))

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


class Signer:
    """Signs for one purpose with a key derived from the settings' secret (Ed25519): no other purpose's key is alike."""

    def __init__(self, secret: str, purpose: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(_derived(secret, f"portal signer: {purpose}"))

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes."""
        return self._key.sign(message)

    def has_signed(self, message: bytes, signature: bytes) -> bool:
        """Whether the signature is this signer's, of this message."""
        try:
            self._key.public_key().verify(signature, message)
        except InvalidSignature:
            return False
        return True


class TokenBox:
    """Makes short tokens that tell nothing and cannot be made up, the same for the same content (AES-SIV, RFC 5297)."""

    def __init__(self, secret: str, purpose: str) -> None:
        self._cipher = AESSIV(_derived(secret, f"portal tokens: {purpose}"))

    def seal(self, content: bytes) -> str:
        """The token, 16 bytes longer than the content, in base64url."""
        return urlsafe_b64encode(self._cipher.encrypt(content, None)).decode().rstrip("=")

    def open(self, token: str) -> bytes | None:
        """The content of a token of ours, in its one spelling; None for any other text."""
        try:
            content = self._cipher.decrypt(urlsafe_b64decode(token + "=" * (-len(token) % 4)), None)
        except (InvalidTag, ValueError):
            return None
        return content if self.seal(content) == token else None


def _derived(secret: str, purpose: str) -> bytes:
    if len(secret) < SHORTEST_SECRET:
        raise ValueError(f"the secret needs at least {SHORTEST_SECRET} characters")
    # HKDF is enough for a random secret; the salt and purpose are fixed, so that each process derives the same key.
    return HKDF(SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret.encode())
