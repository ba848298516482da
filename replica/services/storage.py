"""storage-service: a workspace's drive, below an empty base path as in production (contract §4)."""

from starlette.applications import Starlette

from replica.services import storage_files, storage_folders
from replica.services.gin import engine
from replica.state import ReplicaState


def app(state: ReplicaState) -> Starlette:
    def served(path: str) -> str:
        return served_path(path, baked_base=state.is_fault_active("storage-base-path-mismatch"))

    return engine(state, "storage", [*storage_folders.ROUTES, *storage_files.ROUTES], served=served)


def served_path(path: str, *, baked_base: bool) -> str:
    """Which path of the route table serves `path`: with the image's own base path, /api stands
    before all of them.
    """
    if not baked_base or not path.startswith(("/api/", "/storage/", "/public/")):
        return path
    return path.removeprefix("/api") if path.startswith("/api/") else f"/api{path}"
