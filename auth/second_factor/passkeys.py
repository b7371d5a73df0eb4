"""Passkeys (WebAuthn): the browser signs a challenge with a key that never leaves the person's device."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import PublicKeyCredentialDescriptor

from auth.same_origin import origin_of
from portal.clock import new_id
from portal.database import Transaction

LONGEST_NAME = 60


class WrongPasskeyError(Exception):
    """What the browser sent proves nothing: another challenge, origin or key, or malformed."""


@dataclass(frozen=True, slots=True)
class Passkey:
    """One of a person's passkeys."""

    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None


class Passkeys:
    """Registers and verifies them for the host of the portal's public address, which has to be a domain."""

    def __init__(self, public_url: str, product_name: str) -> None:
        self._host = urlsplit(public_url).hostname or ""
        self._origin = origin_of(public_url)
        self._product_name = product_name

    async def registration_options(self, tx: Transaction, person_id: UUID, email: str, challenge: bytes) -> str:
        """What the browser needs to make one, as JSON."""
        options = generate_registration_options(
            rp_id=self._host,
            rp_name=self._product_name,
            user_id=person_id.bytes,
            user_name=email,
            challenge=challenge,
            exclude_credentials=await _descriptors(tx, person_id),
        )
        return options_to_json(options)

    async def register(
        self, tx: Transaction, person_id: UUID, response: str, *, name: str, challenge: bytes, at: datetime
    ) -> None:
        """Keep a new passkey under a name.

        Raises:
            WrongPasskeyError: the response does not prove one.
        """
        with _malformed_is_wrong():
            made = verify_registration_response(
                credential=response,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
            )
        added = await tx.execute(
            "INSERT INTO passkey (id, person_id, credential_id, public_key, sign_count, name, created_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (credential_id) DO NOTHING",
            *(new_id(at), person_id, made.credential_id, made.credential_public_key, made.sign_count),
            *(_name(name), at),
        )
        if not added:
            raise WrongPasskeyError

    async def request_options(self, tx: Transaction, person_id: UUID, challenge: bytes) -> str:
        """What the browser needs to use one of the person's, as JSON."""
        allowed = await _descriptors(tx, person_id)
        return options_to_json(
            generate_authentication_options(rp_id=self._host, challenge=challenge, allow_credentials=allowed)
        )

    async def use(self, tx: Transaction, person_id: UUID, response: str, *, challenge: bytes, now: datetime) -> None:
        """Verify a signature by one of the person's passkeys.

        Raises:
            WrongPasskeyError: it is none, or of somebody else's.
        """
        with _malformed_is_wrong():
            credential = parse_authentication_credential_json(response)
        row = await tx.row(
            "SELECT id, public_key, sign_count FROM passkey WHERE person_id = $1 AND credential_id = $2 FOR UPDATE",
            *(person_id, credential.raw_id),
        )
        if row is None:
            raise WrongPasskeyError
        with _malformed_is_wrong():
            used = verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                credential_public_key=row["public_key"],
                credential_current_sign_count=row["sign_count"],
            )
        await tx.execute(
            "UPDATE passkey SET sign_count = $2, last_used_at = $3 WHERE id = $1", row["id"], used.new_sign_count, now
        )


async def passkeys_of(tx: Transaction, person_id: UUID) -> list[Passkey]:
    """A person's passkeys, the oldest first."""
    rows = await tx.rows(
        "SELECT id, name, created_at, last_used_at FROM passkey WHERE person_id = $1 ORDER BY created_at, id", person_id
    )
    return [Passkey(**row) for row in rows]


async def _descriptors(tx: Transaction, person_id: UUID) -> list[PublicKeyCredentialDescriptor]:
    rows = await tx.rows("SELECT credential_id FROM passkey WHERE person_id = $1 ORDER BY created_at, id", person_id)
    return [PublicKeyCredentialDescriptor(id=row["credential_id"]) for row in rows]


def _name(given: str) -> str:
    name = given.strip()[:LONGEST_NAME]
    return name if name and name.isprintable() else "Passkey"  # PostgreSQL's text cannot hold a NUL


@contextmanager
def _malformed_is_wrong() -> Iterator[None]:
    try:
        yield
    except (WebAuthnException, ValueError, TypeError, LookupError, RecursionError):  # it reads JSON and CBOR of anybody
        raise WrongPasskeyError from None
