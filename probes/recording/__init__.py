"""What was seen, redacted before it is written: evidence, journal, ledger, spans, browser
traces.
"""
