"""Subscriptions, over WebSockets and server-sent events: bounded, and over as soon as whoever reads may no longer."""
