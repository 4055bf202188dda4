"""Tests of the core: detection."""
