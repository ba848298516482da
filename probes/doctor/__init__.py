"""What would go wrong in a run, told before it."""
