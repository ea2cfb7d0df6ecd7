"""What is counted for cohorts, and the table that is made of it. Pure."""
