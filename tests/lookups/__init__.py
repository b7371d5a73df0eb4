"""Tests of looking numbers up."""
