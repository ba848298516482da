"""Can people talk: LiveKit from its name to the sound, rung by rung.

Nothing is imported here: the worker of a call loads this package, and would load all of the suite.
"""
