"""A person's second factors: which there are, proving one, setting up and removing them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

import segno
from pyotp import TOTP

from auth.second_factor.ceremony import Ceremony
from auth.second_factor.passkeys import Passkey, Passkeys, WrongPasskeyError, passkeys_of
from auth.second_factor.recovery_codes import make_recovery_codes, use_recovery_code
from auth.second_factor.totp import matching_step, set_totp, use_totp
from portal.clock import Clock
from portal.database import Transaction
from portal.encryption import SecretBox

_FIND = """
SELECT email, staff_role IS NOT NULL AS required, EXISTS (SELECT FROM totp WHERE person_id = $1) AS totp,
  (SELECT count(*) FROM recovery_code WHERE person_id = $1 AND used_at IS NULL) AS recovery_codes
FROM person WHERE id = $1 AND disabled_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Factors:
    """What a person has; `required` are they of the ISV's staff."""

    email: str
    required: bool
    totp: bool
    passkeys: list[Passkey]
    recovery_codes: int

    @property
    def count(self) -> int:
        """How many second factors there are; recovery codes stand in for one, and are none."""
        return int(self.totp) + len(self.passkeys)


@dataclass(frozen=True, slots=True)
class SetUp:
    """What the person needs to set one up: the secret as text and as a QR code (SVG), and options for the browser."""

    totp_secret: str = field(repr=False)
    qr_code: str = field(repr=False)
    passkey_options: str = field(repr=False)


class LastFactorError(Exception):
    """Whose role needs a second factor keeps one."""


class SecondFactors:
    """All of it happens in transactions of the database role `auth`."""

    def __init__(self, clock: Clock, box: SecretBox, *, public_url: str, product_name: str) -> None:
        self._clock = clock
        self._box = box
        self._product_name = product_name
        self._passkeys = Passkeys(public_url, product_name)

    async def of(self, tx: Transaction, person_id: UUID) -> Factors | None:
        """What the person has; None if the account is disabled."""
        row = await tx.row(_FIND, person_id)
        return Factors(**row, passkeys=await passkeys_of(tx, person_id)) if row else None

    async def passkey_request(self, tx: Transaction, ceremony: Ceremony, person_id: UUID) -> str:
        """Options for the browser to prove a passkey."""
        return await self._passkeys.request_options(tx, person_id, await ceremony.challenge(tx))

    async def prove(self, tx: Transaction, ceremony: Ceremony, person_id: UUID, fields: Mapping[str, str]) -> bool:
        """Whether a form's `passkey`, `recovery_code` or else its `code` proves a second factor; each is good once."""
        now = self._clock.now()
        if response := fields.get("passkey"):
            try:
                challenge = await ceremony.challenge(tx)
                await self._passkeys.use(tx, person_id, response, challenge=challenge, now=now)
            except WrongPasskeyError:
                return False
            await ceremony.end(tx)
            return True
        if code := fields.get("recovery_code"):
            return await use_recovery_code(tx, person_id, code, now=now)
        return await use_totp(tx, self._box, person_id, fields.get("code", ""), now=now)

    async def offer(self, tx: Transaction, ceremony: Ceremony, person_id: UUID, email: str) -> SetUp:
        """Begin to set one up, or go on with that."""
        secret = await ceremony.new_totp_secret(tx, self._box)
        address = TOTP(secret).provisioning_uri(name=email, issuer_name=self._product_name)
        qr_code = segno.make(address, error="m").svg_inline(omitsize=True, svgclass="qr", lineclass=None)
        options = await self._passkeys.registration_options(tx, person_id, email, await ceremony.challenge(tx))
        return SetUp(secret, qr_code, options)

    async def add(self, tx: Transaction, ceremony: Ceremony, person_id: UUID, fields: Mapping[str, str]) -> bool:
        """Keep the new `passkey` under its `name`, or the app whose `code` shows that it knows the secret."""
        now = self._clock.now()
        if response := fields.get("passkey"):
            challenge, name = await ceremony.challenge(tx), fields.get("name", "")
            try:
                await self._passkeys.register(tx, person_id, response, name=name, challenge=challenge, at=now)
            except WrongPasskeyError:
                return False
        else:
            secret = await ceremony.new_totp_secret(tx, self._box)
            step = matching_step(secret, fields.get("code", ""), now)
            if step is None:
                return False
            await set_totp(tx, self._box, person_id, secret, at=now, last_step=step)
        await ceremony.end(tx)
        return True

    async def remove(self, tx: Transaction, person_id: UUID, *, passkey_id: UUID | None) -> None:
        """Remove a passkey, or without its id the app; with the last factor the recovery codes go.

        Raises:
            LastFactorError: the role needs it.
        """
        await tx.execute("SELECT FROM person WHERE id = $1 FOR UPDATE", person_id)  # two at once leave one
        if passkey_id is None:
            await tx.execute("DELETE FROM totp WHERE person_id = $1", person_id)
        else:
            await tx.execute("DELETE FROM passkey WHERE person_id = $1 AND id = $2", person_id, passkey_id)
        factors = await self.of(tx, person_id)
        if factors is not None and not factors.count:
            if factors.required:
                raise LastFactorError
            await tx.execute("DELETE FROM recovery_code WHERE person_id = $1", person_id)

    async def new_recovery_codes(self, tx: Transaction, person_id: UUID) -> list[str]:
        """New codes in place of the old, to be shown once."""
        return await make_recovery_codes(tx, person_id, at=self._clock.now())
