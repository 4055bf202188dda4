"""Tests of the shell: config, store, ledger, gate, daemon and CLI."""
