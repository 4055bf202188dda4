"""The shell around the core: config, store, ledger, gate, daemon, reports and the command line."""

__version__ = "0.1.0"
