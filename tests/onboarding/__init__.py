"""What is kept for the onboarding."""
