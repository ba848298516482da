"""What a user does with weAlist, one module for each of its surfaces."""
