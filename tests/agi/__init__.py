"""Tests of the dial gate's wire."""
