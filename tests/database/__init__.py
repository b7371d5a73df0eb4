"""The database room: isolation, the catalogue's rules, transactions that survive cancellation, the embedded server."""
