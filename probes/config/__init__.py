"""An environment file, read and checked: hosts, users, timeouts, what is promised where."""
