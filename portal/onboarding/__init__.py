"""Registrations at the provider: so far what it tells of them, kept for the onboarding to go by."""
