"""The sweep of a tenant: what nobody told is asked for, and what it brought is kept."""
