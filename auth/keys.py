"""The keys that sign access tokens: in the database, so that every process has the same; the private half encrypted."""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from joserfc.jwk import ECKey

from portal.clock import Clock
from portal.database import Database, DatabaseRole, Transaction
from portal.encryption import SecretBox

TOKEN_LIFETIME = timedelta(minutes=10)
LEEWAY = timedelta(seconds=30)
PUBLISHED_AHEAD = timedelta(minutes=10)  # others may keep the set for a minute, and look at it no more often
ROTATE_EVERY = timedelta(days=90)
_FRESH = timedelta(minutes=1)  # how long a withdrawn key may still be believed
# Unknown names make us look at most this often; a new key of another process waits as long.
_AGAIN = timedelta(seconds=2)
# A retired key is published for as long as a token that it signed may live.
_PUBLISHED = "SELECT kid, public_jwk FROM signing_key WHERE retired_at IS NULL OR retired_at > $1 ORDER BY created_at"
_CURRENT = (
    "SELECT private_key FROM signing_key WHERE signs_from <= $1 AND (retired_at IS NULL OR retired_at > $1) "
    "ORDER BY signs_from DESC, kid LIMIT 1"
)
_ADD = "INSERT INTO signing_key (kid, public_jwk, private_key, created_at, signs_from) VALUES ($1, $2, $3, $4, $5)"
_DUE = "SELECT max(signs_from) <= $1 FROM signing_key WHERE retired_at IS NULL"
_RETIRE = "UPDATE signing_key SET retired_at = $1 WHERE kid <> $2 AND (retired_at IS NULL OR retired_at > $1)"
_FORGET = "UPDATE signing_key SET private_key = '' WHERE retired_at <= $1 AND private_key <> ''"
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('signing_key'))"


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
        now = self._clock.now()
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            stored = await tx.value(_CURRENT, now)
            if stored is None:
                await tx.execute(_ONE_AT_A_TIME)
                stored = await tx.value(_CURRENT, now)
            if stored is None:
                stored = (await self._add(tx, signs_from=now))[1]
        key = ECKey.import_key(json.loads(self._box.decrypt(stored)))
        if self._published and key.kid not in self._published.keys:
            self._published = None  # what this process signs now it must believe now
        return key

    async def rotate(self, *, unless_younger_than: timedelta = timedelta(0)) -> str | None:
        """Publish a new key that signs in a while, and retire the others then; its name, or None when it is too soon.

        Nobody notices: the new key is known before it signs, the old one for as long as its tokens live.
        """
        now = self._clock.now()
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            await tx.execute(_ONE_AT_A_TIME)
            if not await tx.value(_DUE, now - unless_younger_than):
                return None
            kid, _ = await self._add(tx, signs_from=now + PUBLISHED_AHEAD)
            await tx.execute(_RETIRE, now + PUBLISHED_AHEAD, kid)
            await tx.execute(_FORGET, now)
        return kid

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

    async def _add(self, tx: Transaction, *, signs_from: datetime) -> tuple[str, bytes]:
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
        stored, kid = self._box.encrypt(json.dumps(key.as_dict(private=True))), key.thumbprint()
        await tx.execute(_ADD, kid, json.dumps(key.as_dict()), stored, self._clock.now(), signs_from)
        return kid, stored

    async def _look_again(self, seen: _Published | None) -> _Published:
        async with self._turn:  # many requests that wait for one look
            if self._published is None or self._published is seen:
                self._published = await self._read()
            return self._published

    async def _read(self) -> _Published:
        now = self._clock.now()
        async with self._database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
            rows = await tx.rows(_PUBLISHED, now - TOKEN_LIFETIME - LEEWAY)
        found = {row["kid"]: json.loads(row["public_jwk"]) for row in rows}
        # A key of another kind signs nothing here; it must not take the others with it.
        return _Published({kid: ECKey.import_key(key) for kid, key in found.items() if key.get("kty") == "EC"}, now)

    def _older(self, published: _Published, than: timedelta) -> bool:
        return self._clock.now() - published.at >= than
