"""One-time passwords of an authenticator app (TOTP, RFC 6238): six digits, a new code every 30 seconds."""

import hmac
from datetime import datetime
from uuid import UUID

from pyotp import TOTP

from portal.database import Transaction
from portal.encryption import SecretBox

_DIGITS = 6
_DRIFT = 1  # steps to either side: clocks differ, and typing takes a while (RFC 6238, 6)
_SET = """
INSERT INTO totp (person_id, secret, confirmed_at, last_step) VALUES ($1, $2, $3, $4)
ON CONFLICT (person_id) DO UPDATE SET secret = $2, confirmed_at = $3, last_step = $4
"""


def matching_step(secret: str, code: str, now: datetime, *, after: int = 0) -> int | None:
    """The time step whose code this is, among those after the last one used; None if it is none of them."""
    code = "".join(code.split())
    if len(code) != _DIGITS or not code.isascii():
        return None
    totp = TOTP(secret)
    current = int(now.timestamp()) // totp.interval
    steps = range(current - _DRIFT, current + _DRIFT + 1)
    return next((n for n in steps if n > after and hmac.compare_digest(totp.generate_otp(n), code)), None)


async def set_totp(
    tx: Transaction, box: SecretBox, person_id: UUID, secret: str, *, at: datetime, last_step: int = 0
) -> None:
    """Give a person this secret, in place of an older one; `last_step` is that of the code which confirmed it."""
    await tx.execute(_SET, person_id, box.encrypt(secret), at, last_step)


async def use_totp(tx: Transaction, box: SecretBox, person_id: UUID, code: str, *, now: datetime) -> bool:
    """Whether the code is right; it is good once, and with it all before it (RFC 6238, 5.2)."""
    row = await tx.row("SELECT secret, last_step FROM totp WHERE person_id = $1 FOR UPDATE", person_id)
    if row is None:
        return False
    step = matching_step(box.decrypt(row["secret"]).decode(), code, now, after=row["last_step"])
    if step is None:
        return False
    await tx.execute("UPDATE totp SET last_step = $2 WHERE person_id = $1", person_id, step)
    return True
