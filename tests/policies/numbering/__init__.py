"""Tests of the core: numbering."""
