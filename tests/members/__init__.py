"""Who belongs to a tenant and who may change that: members, invitations, ownership, API clients; over HTTP alone."""
