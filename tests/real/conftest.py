"""Tests against real servers, which `make test-real` has built; `make test` collects none."""

import os

collect_ignore_glob = [] if os.environ.get("PROBES_REAL") else ["*"]
