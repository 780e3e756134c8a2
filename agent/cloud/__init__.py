"""The cloud: its HTTP, its spelling, and what goes to and fro."""
