"""The shell line that shows a fact again, for the reader of a finding; it reads, and no secrets."""

import shlex


def get(namespace: str, resource: str, name: str = "", output: str = "") -> str:
    """`kubectl get`, as one may paste it."""
    words = ["kubectl", *(["-n", namespace] if namespace else []), "get", resource]
    words += [name] if name else []
    words += ["-o", output] if output else []
    return shlex.join(words)


def config_value(namespace: str, name: str, key: str) -> str:
    """One key of a ConfigMap; nothing is printed where it is not set, nor where it is empty."""
    return get(namespace, "configmap", name, "yaml") + f" | grep -F {shlex.quote(key)}"
