"""The database: the embedded server, connections, the tenant transaction, the keyset reader and the migrations."""

from portal.database.connection import (
    Database,
    DatabaseRole,
    DatabaseUnavailableError,
    TenantTransaction,
    Transaction,
)

__all__ = ["Database", "DatabaseRole", "DatabaseUnavailableError", "TenantTransaction", "Transaction"]
