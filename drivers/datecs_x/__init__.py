"""The Datecs X family in pieces; what drives it is `families/datecs_x.py`."""
