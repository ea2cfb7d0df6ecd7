"""What an order is, what a batch changes of it, and what follows for its customer. Pure."""
