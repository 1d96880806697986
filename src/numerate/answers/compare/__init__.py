"""Whether two expressions or structures are the same."""
