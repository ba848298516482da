"""Runs as journals tell them, and how they compare."""
