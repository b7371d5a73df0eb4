"""Alerts: raised by the provider's log, its count and our own failures; routed, muted, acknowledged."""
