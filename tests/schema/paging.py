"""Every list of the schema that takes a cursor, as it is asked for: a new one is missed here."""

# A list for every field that takes a cursor: where it stands, with `%s` for its page and its selection.
LISTS = {
    "CreditAccount.statement": "credits { statement%s }",
    "Query.contacts": "contacts%s",
    "Query.contactImports": "contactImports%s",
    "Query.contactErasures": "contactErasures%s",
    "ContactImport.problems": "contactImport(id: $imported) { problems%s }",
    "Query.templates": "templates%s",
    "Query.messages": "messages%s",
    "Query.calls": "calls%s",
    "Query.numbers": "numbers%s",
    "Query.conversations": "conversations%s",
    "Query.suppressions": "suppressions%s",
    "Conversation.messages": "conversation(id: $conversation) { messages%s }",
    "Query.auditLog": "auditLog%s",
    "Contact.messages": "contact(id: $contact) { messages%s }",
    "MessageBatch.messages": "node(id: $batch) { ... on MessageBatch { messages%s } }",
    "Tenant.messages": "viewer { tenant { messages%s } }",
    "Query.supportSessions": "supportSessions%s",
    "Query.alerts": "alerts%s",
    "Query.planChanges": "planChanges%s",
    "Query.webhookDeliveries": "webhookDeliveries%s",
    "Query.invoices": "invoices%s",
    "Tenant.invoices": "viewer { tenant { invoices%s } }",
    "Tenant.alerts": "viewer { tenant { alerts%s } }",
    "Alert.messages": "node(id: $alert) { ... on Alert { messages%s } }",
    "MessageBatch.refusals": "node(id: $batch) { ... on MessageBatch { refusals%s } }",
}
# Which span tenants by their nature.
FOR_STAFF = {
    "Query.tenants",
    "Query.invoicesHeld",
    "Query.rateCards",
    "Query.discrepancies",
    "Query.marginAlerts",
}
PAGE = """(first: $first, after: $after, last: $last, before: $before) {
  edges { cursor node { __typename } } pageInfo { %s }
}"""
