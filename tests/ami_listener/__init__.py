"""Tests of ami_listener, file for file."""
