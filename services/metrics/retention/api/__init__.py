"""HTTP: retention, its series, return rates and benchmarks."""
