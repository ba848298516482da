"""The API of the cluster in which weAlist would run: read-only, changed by the services' faults."""
