"""A printer behind the folders of FiscalNet; what drives it is `families/custom.py`."""
