"""ISV support in a tenant: sessions with a reason and an end, and the tenant's leave to see content."""
