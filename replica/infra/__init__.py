"""The processes that stand around the services: Caddy, SeaweedFS, ports, certificates."""
