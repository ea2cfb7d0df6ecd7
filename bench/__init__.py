"""Benchmarks. The same stream through this service and its peers, in alternating rounds of one run; ratios travel."""
