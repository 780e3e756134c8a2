"""The checks; each folder is a tier (`tests/README.md`)."""
