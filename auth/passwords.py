"""Passwords: Argon2id, computed in threads, a few at a time."""

import asyncio
import secrets
from dataclasses import dataclass

from pwdlib import PasswordHash

_AT_ONCE = 2  # each takes 64 MiB and a core for some 50 ms
LONGEST_PASSWORD = 1024


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password is right, and its hash by today's parameters where the stored one is by older ones."""

    right: bool
    new_hash: str | None = None


class Passwords:
    """Hashes and verifies passwords; the event loop goes on meanwhile."""

    def __init__(self, hasher: PasswordHash | None = None) -> None:
        self._hasher = hasher or PasswordHash.recommended()
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """The hash to store."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password: str, stored: str | None) -> Verdict:
        """Compare; without a stored hash it takes as long, so that nobody learns who has an account."""
        if len(password) > LONGEST_PASSWORD:
            return Verdict(right=False)
        if stored is None:
            stored, password = await self._hash_of_nobody(), ""
        async with self._turns:
            right, new_hash = await asyncio.to_thread(self._hasher.verify_and_update, password, stored)
        return Verdict(right, new_hash)

    async def _hash_of_nobody(self) -> str:
        if self._nobodys is None:
            self._nobodys = await self.hash(secrets.token_urlsafe())
        return self._nobodys
