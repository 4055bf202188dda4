"""Tests of the core: judges."""
