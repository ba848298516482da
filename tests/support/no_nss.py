"""probes.browser.nss_database on a machine that has no NSS."""

from probes.browser import nss_database

if __name__ == "__main__":
    nss_database.LIBRARY = "libnss-that-is-not-there.so"
    raise SystemExit(nss_database.main())
