"""The library of weAlist probes: one module for each protocol or concern."""

__version__ = "0.2.0"
