"""What leaves the machine: metrics and notices."""
