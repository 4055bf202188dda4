"""Looks for ways through a dialplan that reach a trunk without asking the gate."""
