"""Global ids: opaque to clients, decoded in this one place."""

import base64
import binascii
from uuid import UUID

import strawberry


@strawberry.interface(description="Something with an id of its own, which `node` finds again.")
class Node:
    """What every object with an identity is."""

    id: strawberry.ID = strawberry.field(description="The object's id: opaque, and the same for ever.")


def to_global(kind: str, key: UUID) -> strawberry.ID:
    """The id of this object as clients see it."""
    return strawberry.ID(base64.urlsafe_b64encode(kind.encode() + b":" + key.bytes).decode().rstrip("="))


def split_global(given: str) -> tuple[str, UUID] | None:
    """The kind and key in a client's id, or None where it is no id of ours: an object has one, in one spelling."""
    try:
        raw = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4))
        name, _, rest = raw.partition(b":")
        kind, key = name.decode("ascii"), UUID(bytes=rest)
    except (ValueError, binascii.Error):
        return None
    return (kind, key) if to_global(kind, key) == given else None  # base64 skips signs that are none of its own


def from_global(kind: str, given: str) -> UUID | None:
    """The key of an object of this kind, or None: to a client that is the same as an object that is not there."""
    found = split_global(given)
    return found[1] if found is not None and found[0] == kind else None


NOWHERE = UUID(int=0)  # the key of no object: looked up in place of an id that is none of ours, and never found


def key_of(kind: str, given: str) -> UUID:
    """The key in a client's id, or one that finds nothing."""
    return from_global(kind, given) or NOWHERE
