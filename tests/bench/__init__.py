"""Benchmarks: printed and kept, never asserted on."""
