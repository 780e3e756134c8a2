"""The ledger: its file, its rows, its damage."""
