"""The token by which a change of plan that was previewed is made: signed, and good for one tenant as it stood. Pure."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from portal.encryption import Signer

SIGNS = "plan change preview"  # the purpose of the signer


@dataclass(frozen=True, slots=True)
class Previewed:
    """What a preview promised: the change, and the standing that it starts from."""

    plan_id: UUID
    current_id: UUID | None  # of the tenant's plan then
    coming_id: UUID | None  # of the one that was to come then
    effective_at: datetime | None  # None: at once
    expires_at: datetime


def to_token(signer: Signer, tenant_id: UUID, previewed: Previewed) -> str:
    """The token; it names no tenant, but is signed for one."""
    told = (previewed.plan_id, previewed.current_id, previewed.coming_id, previewed.effective_at, previewed.expires_at)
    body = orjson.dumps([_plain(one) for one in told])
    return f"{_written(body)}.{_written(signer.sign(_statement(tenant_id, body)))}"


def from_token(signer: Signer, tenant_id: UUID, token: str) -> Previewed | None:
    """What was previewed; None for whatever this portal has not signed for this tenant."""
    body, _, signature = token.partition(".")
    try:
        told = _read(body)
        if not signer.has_signed(_statement(tenant_id, told), _read(signature)):
            return None
    except ValueError:  # no Base64
        return None
    plan_id, current_id, coming_id, effective_at, expires_at = orjson.loads(told)
    return Previewed(
        UUID(plan_id),
        UUID(current_id) if current_id else None,
        UUID(coming_id) if coming_id else None,
        datetime.fromisoformat(effective_at) if effective_at else None,
        datetime.fromisoformat(expires_at),
    )


def _plain(told: UUID | datetime | None) -> str | None:
    return told.isoformat() if isinstance(told, datetime) else str(told) if told else None


def _statement(tenant_id: UUID, body: bytes) -> bytes:
    return tenant_id.bytes + body  # 16 bytes always: there is one way to take it apart


def _written(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _read(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
