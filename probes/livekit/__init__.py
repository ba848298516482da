"""Can people talk: LiveKit from its name to the sound, rung by rung."""
