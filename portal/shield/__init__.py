"""The fraud shield: what goes where how fast, and a stop for what looks like pumped messages or toll fraud."""
