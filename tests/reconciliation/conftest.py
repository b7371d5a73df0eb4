"""The job on a database of its own, in a night of November 2026."""

import pytest

from portal.database import Database
from portal.encryption import SecretBox
from portal.mail.queue import MailQueue
from portal.reconciliation.reconciling import Reconciliation
from tests.invoices.stored_usage import at
from tests.product import SECRET
from tests.turnable_clock import TurnableClock

URL = "https://portal.example"


@pytest.fixture
def night() -> TurnableClock:
    return TurnableClock(at("2026-11-10T02:00"))


@pytest.fixture
def box() -> SecretBox:
    return SecretBox(SECRET)


@pytest.fixture
def reconciliation(database: Database, box: SecretBox, night: TurnableClock) -> Reconciliation:
    return Reconciliation(database, MailQueue(box), URL, night)
