"""What is counted for retention, and the formulas that turn sums into figures. Pure."""
