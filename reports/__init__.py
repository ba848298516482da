"""A run's journal goes in, what people and machines read comes out."""
