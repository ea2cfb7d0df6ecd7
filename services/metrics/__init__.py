"""metrics: exact rolling retention, churn, repeat rates and cohorts of every shop, at any day."""
