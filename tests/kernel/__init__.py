"""Values of the kernel."""
