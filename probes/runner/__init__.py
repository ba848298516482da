"""Scenarios as tasks on one loop: schedule, retry, share, clean up."""
