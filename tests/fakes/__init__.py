"""Peers that speak Asterisk's side on a real socket and fail on what they did not expect."""
