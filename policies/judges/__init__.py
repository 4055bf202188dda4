"""The judges, one a file, and `decide`, which asks them in order; they only read."""
