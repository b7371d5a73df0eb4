"""Addresses that let whoever has one do one thing for a short time: signed, and good for one tenant. Pure."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from portal.encryption import Signer

SIGNS = "upload address"  # the purpose of the signer
_SIGNED = 32  # bytes: the tenant's id and the upload's


def to_token(signer: Signer, tenant_id: UUID, upload_id: UUID) -> str:
    """What stands in the address of an upload."""
    signed = tenant_id.bytes + upload_id.bytes
    return urlsafe_b64encode(signed + signer.sign(signed)).decode().rstrip("=")


def from_token(signer: Signer, token: str) -> tuple[UUID, UUID] | None:
    """The tenant and the upload; None for whatever this portal has not signed."""
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    signed, signature = raw[:_SIGNED], raw[_SIGNED:]
    if not signer.has_signed(signed, signature):
        return None
    return UUID(bytes=signed[:16]), UUID(bytes=signed[16:])
