"""How the target is asked: HTTP, WebSocket, TLS, and the shape of answers."""
