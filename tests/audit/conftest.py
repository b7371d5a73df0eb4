"""A tenant's log for a test."""

import pytest

from portal.database import Database
from tests.audit.log import AuditLog
from tests.turnable_clock import TurnableClock


@pytest.fixture
async def audit_log(database: Database, clock: TurnableClock) -> AuditLog:
    return await AuditLog.of(database, clock)
