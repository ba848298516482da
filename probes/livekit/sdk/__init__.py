"""A call as two people have it, made by LiveKit's own SDK in a process of its own."""
