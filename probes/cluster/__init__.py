"""What the Kubernetes API says of weAlist's cluster: read-only, typed, judged by pure code."""
