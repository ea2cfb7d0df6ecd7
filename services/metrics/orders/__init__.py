"""orders: what is known of each order and of each customer's order days. Turns a batch of events into changes."""

from services.metrics.orders.reading import CustomersAt, customers_at

__all__ = ["CustomersAt", "customers_at"]
