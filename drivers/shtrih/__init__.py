"""The Shtrih-M family in pieces; what drives it is `families/shtrih.py`."""
