"""Global ids: opaque to clients, the same in the schema, in events and in the audit log. Pure."""

import base64
import binascii
from uuid import UUID


def global_id(kind: str, key: UUID) -> str:
    """The id of this object as clients see it."""
    return base64.urlsafe_b64encode(kind.encode() + b":" + key.bytes).decode().rstrip("=")


def split_global(given: str) -> tuple[str, UUID] | None:
    """The kind and key in a client's id, or None where it is no id of ours: an object has one, in one spelling."""
    try:
        raw = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4))
        name, _, rest = raw.partition(b":")
        kind, key = name.decode("ascii"), UUID(bytes=rest)
    except (ValueError, binascii.Error):
        return None
    return (kind, key) if global_id(kind, key) == given else None  # base64 skips signs that are none of its own
