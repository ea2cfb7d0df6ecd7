"""HTTP: customers by stage on any day, lists of them, and one customer's life."""
