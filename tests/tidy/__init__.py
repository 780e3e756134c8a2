"""The house's rules as tests over the source; every message says what to do."""
