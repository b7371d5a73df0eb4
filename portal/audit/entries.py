"""Writing the audit log: one row an event, with a salted digest that the seals are made of."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from portal.actor import Actor
from portal.clock import new_id
from portal.database import Transaction

_SALT_BYTES = 32
# What the digest is of, in this order; the columns of the table have the same names.
CONTENT = (
    "tenant_id",
    "id",
    "at",
    "actor_kind",
    "actor_id",
    "actor_name",
    "through",
    "action",
    "target",
    "changes",
    "request_id",
    "address",
    "support_session_id",
)
_INSERT = (
    f"INSERT INTO audit_entry ({', '.join(CONTENT)}, salt, digest) "  # noqa: S608  constants
    f"VALUES ({', '.join(f'${n}' for n in range(1, len(CONTENT) + 3))})"
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, as far as the log keeps it."""

    actor: Actor
    request_id: str
    address: str | None = None
    support_session_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """What happened; `changes` are names of fields with masked values, `target` is a global id."""

    action: str
    target: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)


async def write_entry(tx: Transaction, tenant_id: UUID, origin: Origin, event: AuditEvent, *, at: datetime) -> UUID:
    """Write an event into a tenant's log, in the transaction of what it tells of; the entry's id."""
    actor, entry_id = origin.actor, new_id(at)
    content = {
        "tenant_id": tenant_id,
        "id": entry_id,
        "at": at,
        "actor_kind": actor.kind.value,
        "actor_id": actor.id,
        "actor_name": actor.name,
        "through": actor.through,
        "action": event.action,
        "target": event.target,
        "changes": dict(event.changes),
        "request_id": origin.request_id,
        "address": origin.address,
        "support_session_id": origin.support_session_id,
    }
    salt = secrets.token_bytes(_SALT_BYTES)
    stored = content | {"changes": orjson.dumps(content["changes"]).decode()}
    await tx.execute(_INSERT, *(stored[name] for name in CONTENT), salt, digest_of(content, salt))
    return entry_id


def digest_of(content: Mapping[str, Any], salt: bytes) -> bytes:
    """The digest of an entry (HMAC-SHA256): without the salt nobody can try what it might have stood for."""
    listed = [_plain(content[name]) for name in CONTENT]
    return hmac.digest(salt, orjson.dumps(listed, option=orjson.OPT_SORT_KEYS), "sha256")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):  # the driver may give another zone back, and never less than a microsecond
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value) if isinstance(value, UUID) else value
