"""Tests of what finds the ways around the gate."""
