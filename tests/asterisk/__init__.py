"""Runs the product on a real, private Asterisk with real SIP on loopback addresses."""
