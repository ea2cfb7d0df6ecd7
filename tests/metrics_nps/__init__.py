"""Net promoter scores of metrics."""
