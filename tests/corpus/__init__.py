"""Real captures and hostile strings that tests read."""
