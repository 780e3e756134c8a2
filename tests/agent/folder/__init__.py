"""Tills that drop files, and a printer behind files."""
