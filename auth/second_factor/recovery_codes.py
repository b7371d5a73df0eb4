"""Recovery codes: for who has lost the authenticator; each is good once, and the database holds its SHA-256 alone."""

import base64
import secrets
from datetime import datetime
from uuid import UUID

from auth.random_secrets import hash_of
from portal.database import Transaction

_CODES = 10
_BYTES = 10  # 80 bits: nobody finds one from its hash
_GROUP = 4


async def make_recovery_codes(tx: Transaction, person_id: UUID, *, at: datetime) -> list[str]:
    """New codes, in place of all older ones; to be shown once."""
    codes = [base64.b32encode(secrets.token_bytes(_BYTES)).decode().lower() for _ in range(_CODES)]
    await tx.execute("DELETE FROM recovery_code WHERE person_id = $1", person_id)
    await tx.execute(
        "INSERT INTO recovery_code (person_id, code_hash, created_at) SELECT $1, unnest($2::bytea[]), $3",
        *(person_id, [hash_of(code) for code in codes], at),
    )
    return ["-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP)) for code in codes]


async def use_recovery_code(tx: Transaction, person_id: UUID, code: str, *, now: datetime) -> bool:
    """Whether the code is one of the person's that was not used yet; now it is."""
    plain = "".join(code.split()).replace("-", "").lower()
    used = await tx.execute(
        "UPDATE recovery_code SET used_at = $3 WHERE person_id = $1 AND code_hash = $2 AND used_at IS NULL",
        *(person_id, hash_of(plain), now),
    )
    return used == 1
