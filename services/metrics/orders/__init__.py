"""orders: what is known of each order and of each customer's order days. Turns a batch of events into changes."""
