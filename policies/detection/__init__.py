"""The detectors, one a file: events in, findings with their evidence out."""
