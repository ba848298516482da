"""What a user sees in Chromium, one module for each journey."""
