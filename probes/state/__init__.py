"""What a run leaves for the next: tokens, verdicts and the last run, in a file or a Kubernetes
Secret.
"""
