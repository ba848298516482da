"""Test users and their tokens: sign, refresh, rotate, forge."""
