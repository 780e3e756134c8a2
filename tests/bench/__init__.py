"""Figures, measured by hand and written down; never a pass or a fail of the suite."""
