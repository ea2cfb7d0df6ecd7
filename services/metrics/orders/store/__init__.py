"""Every query of orders: facts, customers, and what others read of them."""
