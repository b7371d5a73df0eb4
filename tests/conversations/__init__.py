"""Conversations: what people write, keywords, answers, the suppression list and the words that the tenant sets."""
