"""Tests of the core: policies."""
