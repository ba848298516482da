"""The scripts that listen inside a page: they keep an eye on its calls and know the tone when they
hear it.

Chromium gives WebAudio the sound of a remote track only while the page itself plays that track
somewhere, so that what is heard here is what a user hears. Each `.js` file says what it does.
"""

from importlib.resources import files


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


WATCH = _read("watch_connections.js")
LISTEN = _read("listen_for_tone.js")
CHECK = _read("check_connection.js")
