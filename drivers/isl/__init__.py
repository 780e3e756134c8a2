"""What the families on the legacy ISL wire share; each is a file in `families/`."""
