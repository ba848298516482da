"""What tests of environments share."""

USABLE = """
[hosts]
apex = "https://wealist.co.kr"
api = "https://api.wealist.co.kr:8443"
[workspace]
id = "w-1"
"""
