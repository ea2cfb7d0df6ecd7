"""The read side of metrics: formulas, stores, scans and HTTP."""
