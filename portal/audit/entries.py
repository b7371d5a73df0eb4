"""Writing the audit log: one row an event, with the digest that the seals are made of."""

import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from portal.actor import Actor
from portal.clock import new_id
from portal.database import Transaction

_SALT_BYTES = 32
# What the two digests are of, in this order; the columns of the table have the same names.
KEPT = (
    "tenant_id",
    "id",
    "at",
    "actor_kind",
    "actor_id",
    "through",
    "action",
    "target",
    "request_id",
    "support_session_id",
)
ERASABLE = ("actor_name", "changes", "address")
_COLUMNS = (*KEPT, *ERASABLE, "salt", "content_digest", "digest")
_INSERT = (
    f"INSERT INTO audit_entry ({', '.join(_COLUMNS)}) "  # noqa: S608  constants
    f"VALUES ({', '.join(f'${n}' for n in range(1, len(_COLUMNS) + 1))})"
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
    content_digest = content_digest_of(content, salt)
    digests = {"salt": salt, "content_digest": content_digest, "digest": digest_of(content, content_digest)}
    stored = content | digests | {"changes": orjson.dumps(content["changes"]).decode()}
    await tx.execute(_INSERT, *(stored[name] for name in _COLUMNS))
    return entry_id


def content_digest_of(content: Mapping[str, Any], salt: bytes) -> bytes:
    """The digest of what can be erased (HMAC-SHA256): without the salt nobody can try what it might have stood for."""
    return hmac.digest(salt, _listed(content[name] for name in ERASABLE), "sha256")


def digest_of(content: Mapping[str, Any], content_digest: bytes) -> bytes:
    """The digest of an entry (SHA-256): of what is always kept, and of the digest of what can be erased."""
    return sha256(_listed(content[name] for name in KEPT) + content_digest).digest()


def _listed(values: Iterable[Any]) -> bytes:
    return orjson.dumps([_plain(value) for value in values], option=orjson.OPT_SORT_KEYS)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):  # the driver may give another zone back, and never less than a microsecond
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value) if isinstance(value, UUID) else value
