"""Analytic and semi-analytic solutions (NumPy, SciPy): they verify the studies and feed the case check."""
