"""Likely causes that several findings share; a reader sees one of them once."""

NAT = (
    "rtc.use_external_ip: behind a NAT gateway it finds the gateway's address, not the node's "
    "(livekit#4095)"
)
NODE_IP = "rtc.node_ip, rtc.use_external_ip (chart value livekit.rtc)"
OTHER_ADDRESS = (
    "rtc.node_ip, or rtc.use_external_ip behind a NAT gateway: the address that the server names "
    "is not the one that its packets come from (livekit#4095)"
)
SECURITY_GROUP = "security group of the nodes, network ACL, or NAT"
CLOSED = f"{SECURITY_GROUP}: UDP and TCP of media"
FORCE_TCP = "rtc.force_tcp, or no UDP ports (rtc.udp_port, rtc.port_range_start): none is offered"
NO_TCP = "rtc.tcp_port is 0 or another (chart value livekit.rtc.tcp_port)"
KEYS = (
    "keys.yaml of livekit-server (chart value livekit.keys), and the Secret that the app's key "
    "comes from"
)
REDIS = (
    "livekit-server's Redis: address, TLS, and whether the chart passes them (it expands no ${VAR})"
)
# What stops livekit-server at its start, with the words of its log (1.7.2 to 1.13.5).
BOOT = (
    "livekit-server's pods: none is ready (CrashLoopBackOff, V6 §6), or the Service selects none. "
    "The last line of a pod's log says why: 'unable to connect to redis' (its address, or a "
    "literal ${REDIS_HOST}), 'could not resolve external IP' (no STUN server can be reached), "
    "'one of key-file or keys must be provided'"
)
FULL = (
    "room.max_participants: the room is full (its participants, or those of a run that was killed)"
)
