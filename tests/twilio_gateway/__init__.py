"""The gateway against the simulator, over real HTTP."""
