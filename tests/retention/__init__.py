"""What has served its purpose goes in time, and nothing else does."""
