"""What a second factor's set-up or proof needs between two requests; its row is a pending sign-in's or a session's."""

import secrets
from dataclasses import dataclass, field
from typing import Literal

from pyotp import random_base32

from portal.database import Transaction
from portal.encryption import SecretBox

_CHALLENGE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Ceremony:
    """Where it is kept; a page that is opened twice shows the same both times."""

    table: Literal["pending_sign_in", "session"]
    secret_hash: bytes = field(repr=False)

    async def challenge(self, tx: Transaction) -> bytes:
        """What a passkey has to sign."""
        return bytes(await self._kept(tx, "challenge", secrets.token_bytes(_CHALLENGE_BYTES)))

    async def new_totp_secret(self, tx: Transaction, box: SecretBox) -> str:
        """The secret that an authenticator app is about to learn."""
        return box.decrypt(await self._kept(tx, "new_totp_secret", box.encrypt(random_base32()))).decode()

    async def end(self, tx: Transaction) -> None:
        """Forget it: a challenge is signed once, and the secret lies where it belongs."""
        await tx.execute(
            f"UPDATE {self.table} SET challenge = NULL, new_totp_secret = NULL WHERE secret_hash = $1",  # noqa: S608  a constant
            self.secret_hash,
        )

    async def _kept(self, tx: Transaction, column: str, new: bytes) -> bytes:
        sql = f"UPDATE {self.table} SET {column} = coalesce({column}, $2) WHERE secret_hash = $1 RETURNING {column}"  # noqa: S608  constants
        kept: bytes = await tx.value(sql, self.secret_hash, new)
        return kept
