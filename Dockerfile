# The suite, its packages and Debian's own Chromium; nothing that builds or installs stays in it. See docs/deploy.md.
#
# There is no image without a digest: what was tried out is what runs. The base is Debian 12, whose Python is the 3.11 that
# requirements.lock is made for, and whose Chromium gets its security updates from the same place as everything else.
ARG BASE_DIGEST

FROM docker.io/library/debian:bookworm-slim@${BASE_DIGEST} AS packages
# Debian keeps only the newest of each package: a version named here would be gone with its next security update.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 python3-pip python3-venv \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/*
COPY requirements.lock /tmp/requirements.lock
# Without pip in it: who gets into a run's container finds nothing to install things with.
RUN python3 -m venv --without-pip /opt/venv \
    && python3 -m pip --python /opt/venv/bin/python install --no-cache-dir --no-deps --require-hashes \
        -r /tmp/requirements.lock

FROM docker.io/library/debian:bookworm-slim@${BASE_DIGEST}
# tini is PID 1: it passes SIGTERM on and buries what Chromium leaves. libatomic1 is for the Node that Playwright brings;
# the font is for pictures of pages, whose letters are Korean.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates chromium-headless-shell fonts-nanum libatomic1 python3 tini tzdata \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/*
COPY --from=packages /opt/venv /opt/venv
WORKDIR /opt/wealist-probes
COPY LICENSE conftest.py pyproject.toml ./
COPY docs/runbooks docs/runbooks
COPY environments environments
COPY probes probes
COPY reports reports
COPY scenarios scenarios
# The root file system is read-only in the cluster, so what Python would write there on its first run is written here.
RUN /opt/venv/bin/python -m compileall -q conftest.py probes reports scenarios

# Only /tmp and /runs are written to; both are volumes of the pod.
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
RUN install -d -m 1777 /runs
USER 10001:10001
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["python", "-m", "pytest", "scenarios", "--env", "prod", "--runs", "/runs"]

ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="weAlist probes" \
      org.opencontainers.image.description="Synthetic end-to-end probes: is the promise to the user kept?" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
