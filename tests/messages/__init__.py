"""Sending through the whole product: allowance, idempotency, dispatch and webhooks, mostly under trouble."""
