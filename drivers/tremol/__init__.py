"""The Tremol family in pieces; what drives it is `families/tremol.py`."""
