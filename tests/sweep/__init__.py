"""The sweep: what nobody told is asked for, and ends as if it had been told."""
