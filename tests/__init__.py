"""The tests mirror the source, file for file; real parts run wherever they can."""
