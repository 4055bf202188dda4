"""The pure core: numbers, lists, limits, detection and decisions; no I/O, no clock, no logging."""
