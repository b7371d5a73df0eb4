"""What the tests of ISV support ask, and how they look into a tenant's audit log."""

from typing import Any

from tests.product import Caller
from tests.schema.world import World

START = """mutation ($input: SupportSessionStartInput!) {
  supportSessionStart(input: $input) {
    supportSession { id reason openedAt expiresAt closedAt contentGranted actor { kind name } tenant { id name } }
    errors { code path message }
  }
}"""
END = """mutation ($id: ID!) {
  supportSessionEnd(id: $id) { supportSession { id closedAt } errors { code path message } }
}"""
MINE = "{ viewer { supportSession { id tenant { id } } permissions } }"
READ = "query ($id: ID!) { tenant(id: $id) { name messages(first: 1) { nodes { status } } } }"
SESSIONS = """{ supportSessions {
  nodes { id reason openedAt expiresAt closedAt reads contentGranted actor { kind name } tenant { id } }
} }"""
LOG = """{ auditLog(first: 100) {
  nodes { at action actor { kind name } changes requestId supportSession { id } target }
} }"""
GRANT = """mutation ($hours: Int!) {
  supportAccessGrant(input: { hours: $hours }) {
    supportAccess { grantedBy { kind name } grantedAt expiresAt } errors { code path }
  }
}"""
REVOKE = "mutation { supportAccessRevoke { supportAccess { expiresAt } errors { code path message } } }"
ACCESS = "{ supportAccess { grantedBy { name } grantedAt expiresAt } }"


async def log(world: World, session: str) -> list[dict[str, Any]]:
    """The session's entries in the tenant's audit log, the oldest first, and those of one instant by their names."""
    nodes = (await world.owner.run(LOG))["auditLog"]["nodes"]
    of_session = [one for one in nodes if one["supportSession"] == {"id": session}]
    return sorted(of_session, key=lambda one: (one["at"], one["action"]))


async def mine(support: Caller) -> str | None:
    """The session that somebody has open."""
    opened = (await support.run(MINE))["viewer"]["supportSession"]
    return None if opened is None else str(opened["id"])
