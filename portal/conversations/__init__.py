"""Conversations: what people write to a tenant, the words that subscribe and unsubscribe, and the answers."""
