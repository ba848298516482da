"""Every fault of the replica, named after what goes wrong and the incident it rehearses.

Incidents: "V6" is weAlist's own incident report, a bare hash is the commit that fixed it; a dash
marks one that has not happened yet.
"""

from replica.faults.cluster import CLUSTER
from replica.faults.edge import EDGE, PAGES, SERVICES
from replica.faults.fault import Fault
from replica.faults.identity import IDENTITY
from replica.faults.livekit import LIVEKIT
from replica.faults.realtime import LINGERING, REALTIME, REALTIME_PAGES, TOKENS
from replica.faults.storage import BUCKET, PRESIGN, STORAGE
from replica.faults.trust import EXPOSURE, SIGN_IN, TRUST

GROUPS = (
    EDGE,
    BUCKET,
    STORAGE,
    PRESIGN,
    SERVICES,
    PAGES,
    TOKENS,
    REALTIME,
    LINGERING,
    REALTIME_PAGES,
    SIGN_IN,
    TRUST,
    EXPOSURE,
    IDENTITY,
    LIVEKIT,
    CLUSTER,
)
FAULTS: dict[str, Fault] = {fault.name: fault for group in GROUPS for fault in group}
