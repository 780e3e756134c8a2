"""Devices: printers of every family over any cable. No cloud, no ledger."""
