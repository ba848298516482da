"""What of weAlist runs in its cluster, and how it is set (contract 1.4, 9; V6 §5, §6)."""

from collections.abc import Mapping

# Replicas, and what a container of it requests (contract 9.4).
SERVICES: Mapping[str, tuple[int, int, str, str]] = {
    "auth-service": (2, 8080, "100m", "384Mi"),
    "user-service": (2, 8081, "25m", "64Mi"),
    "board-service": (1, 8000, "25m", "64Mi"),
    "chat-service": (1, 8001, "25m", "64Mi"),
    "noti-service": (1, 8002, "25m", "64Mi"),
    "storage-service": (1, 8003, "25m", "64Mi"),
    "video-service": (1, 8004, "25m", "64Mi"),
    "ops-service": (1, 8005, "25m", "64Mi"),
    "ops-portal": (1, 80, "25m", "64Mi"),
}
LIVEKIT, LIVEKIT_KEYS = "livekit-livekit-server", "wealist-livekit-keys"
SHARED_SECRET = "wealist-shared-secret"  # noqa: S105 - a name
CANARY = "user-service"  # an Argo Rollout (contract 9.2)
GIT = "https://github.com/OrangesCloud/wealist-project-advanced-k8s.git"
SOURCES = (
    GIT,
    "https://aws.github.io/eks-charts",
    "https://charts.external-secrets.io",
    "https://istio-release.storage.googleapis.com/charts",
    "https://helm.livekit.io",
)
PARAMETERS: Mapping[str, Mapping[str, str]] = {
    "auth-service": {"SPRING_DATA_REDIS_SSL_ENABLED": "true"},
    "board-service": {"DB_NAME": "board_db"},
    "chat-service": {"DB_NAME": "chat_db"},
    "noti-service": {"DB_NAME": "noti_db"},
    "ops-service": {"DB_NAME": "ops_db", "ISTIO_JWT_MODE": "false"},
    "storage-service": {"DB_NAME": "storage_db", "SERVER_BASE_PATH": ""},
    "user-service": {"DB_NAME": "user_db"},
    "video-service": {"DB_NAME": "video_db", "LIVEKIT_HOST": f"http://{LIVEKIT}:7880"},
}
LIVEKIT_CONFIG = """log_level: info
key_file: keys.yaml
rtc:
  use_external_ip: true
  port_range_start: 50000
  port_range_end: 60000
  tcp_port: {tcp_port}
redis:
  address: redis.internal:6379
  use_tls: true
"""
PREFIXES = {
    "auth": "auth-service",
    "user": "user-service",
    "board": "board-service",
    "chat": "chat-service",
    "noti": "noti-service",
    "storage": "storage-service",
    "video": "video-service",
}
