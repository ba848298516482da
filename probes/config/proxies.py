"""The machine's proxy variables: no client of a run obeys them, since whoever asks would be the
proxy, and not a user.

Libraries read them by themselves, each in its own way; so a run takes them out of its environment,
and its children (browser, LiveKit's worker) inherit none.
"""

from collections.abc import Mapping, MutableMapping

LEADING = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "AUTO_PROXY")
NAMES = (*LEADING, "NO_PROXY")


def ignored(environ: Mapping[str, str]) -> str:
    """The sentence that says which are set and not used; "" where none leads anywhere."""
    named = [name for name in LEADING if environ.get(name) or environ.get(name.lower())]
    if not named:
        return ""
    is_set = "is set here and is" if len(named) == 1 else "are set here and are"
    return (
        f"{' and '.join(named)} {is_set} not used: every client asks directly; run where the "
        "target can be reached"
    )


def without(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.upper() not in NAMES}


def remove(environ: MutableMapping[str, str]) -> None:
    for name in [name for name in environ if name.upper() in NAMES]:
        del environ[name]
