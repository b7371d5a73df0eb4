"""Tests of the benchmarks: that they run and leave nothing behind."""
