"""The keys that sign access tokens: in the database, so that every process has the same; the private half encrypted."""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from joserfc.jwk import ECKey

from portal.clock import Clock
from portal.database import Database, DatabaseRole
from portal.encryption import SecretBox

TOKEN_LIFETIME = timedelta(minutes=10)
LEEWAY = timedelta(seconds=30)
_FRESH = timedelta(minutes=1)  # how long a withdrawn key may still be believed
# Unknown names make us look at most this often; a new key of another process waits as long.
_AGAIN = timedelta(seconds=2)
# A retired key is published for as long as a token that it signed may live.
_PUBLISHED = "SELECT kid, public_jwk FROM signing_key WHERE retired_at IS NULL OR retired_at > $1 ORDER BY created_at"
_CURRENT = "SELECT private_key FROM signing_key WHERE retired_at IS NULL ORDER BY created_at DESC, kid LIMIT 1"


@dataclass(frozen=True, slots=True)
class _Published:
    """The public keys as of an instant."""

    keys: dict[str, ECKey]
    at: datetime


class SigningKeys:
    """The key that signs now, and the public keys that tokens are checked with."""

    def __init__(self, database: Database, clock: Clock, box: SecretBox) -> None:
        self._database = database
        self._clock = clock
        self._box = box
        self._published: _Published | None = None
        self._turn = asyncio.Lock()

    async def current(self) -> ECKey:
        """The private key that signs; the first caller of all processes makes it."""
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            stored = await tx.value(_CURRENT)
            if stored is None:
                await tx.execute("SELECT pg_advisory_xact_lock(hashtext('signing_key'))")
                stored = await tx.value(_CURRENT)
            if stored is None:
                key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
                stored = self._box.encrypt(json.dumps(key.as_dict(private=True)))
                await tx.execute(
                    "INSERT INTO signing_key (kid, public_jwk, private_key, created_at, signs_from) "
                    "VALUES ($1, $2, $3, $4, $4)",
                    *(key.kid, json.dumps(key.as_dict()), stored, self._clock.now()),
                )
        key = ECKey.import_key(json.loads(self._box.decrypt(stored)))
        if self._published and key.kid not in self._published.keys:
            self._published = None  # what this process signs now it must believe now
        return key

    async def public(self, kid: str) -> ECKey | None:
        """The published key of that name; one that is unknown here is looked for again, but not often."""
        found = self._published
        if found is None or self._older(found, _FRESH if kid in found.keys else _AGAIN):
            found = await self._look_again(found)
        return found.keys.get(kid)

    async def jwks(self) -> dict[str, list[dict[str, object]]]:
        """The JSON Web Key Set that others may check tokens with (RFC 7517)."""
        await self.current()  # a set without a key would be refused by whoever reads it before the first token
        published = await self._read()
        return {"keys": [dict(key.as_dict(private=False)) for key in published.keys.values()]}

    async def _look_again(self, seen: _Published | None) -> _Published:
        async with self._turn:  # many requests that wait for one look
            if self._published is None or self._published is seen:
                self._published = await self._read()
            return self._published

    async def _read(self) -> _Published:
        now = self._clock.now()
        async with self._database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
            rows = await tx.rows(_PUBLISHED, now - TOKEN_LIFETIME - LEEWAY)
        return _Published({row["kid"]: ECKey.import_key(json.loads(row["public_jwk"])) for row in rows}, now)

    def _older(self, published: _Published, than: timedelta) -> bool:
        return self._clock.now() - published.at >= than
