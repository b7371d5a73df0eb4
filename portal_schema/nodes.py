"""Objects with an id of their own, and the ids that clients send."""

from uuid import UUID

import strawberry

from portal.global_ids import global_id, split_global


@strawberry.interface(description="Something with an id of its own, which `node` finds again.")
class Node:
    """What every object with an identity is."""

    id: strawberry.ID = strawberry.field(description="The object's id: opaque, and the same for ever.")


def to_global(kind: str, key: UUID) -> strawberry.ID:
    """The id of this object as clients see it."""
    return strawberry.ID(global_id(kind, key))


def from_global(kind: str, given: str) -> UUID | None:
    """The key of an object of this kind, or None: to a client that is the same as an object that is not there."""
    found = split_global(given)
    return found[1] if found is not None and found[0] == kind else None


NOWHERE = UUID(int=0)  # the key of no object: looked up in place of an id that is none of ours, and never found


def key_of(kind: str, given: str) -> UUID:
    """The key in a client's id, or one that finds nothing."""
    return from_global(kind, given) or NOWHERE
