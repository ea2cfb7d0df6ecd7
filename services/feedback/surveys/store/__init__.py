"""Every query of the slice. Whoever changes an invitation holds its customer (`customers.lock`)."""
