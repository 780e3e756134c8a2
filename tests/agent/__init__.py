"""The work of the agent: a real ledger file, a fake clock, a virtual printer, no process."""
