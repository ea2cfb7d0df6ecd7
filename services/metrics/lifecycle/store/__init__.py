"""What is kept of stages, clocks, gaps and visits."""
