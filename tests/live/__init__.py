"""Tests of live updates: what changed reaches who may see it, in time, once, and nobody else."""
