"""Why CloudFront wrote an error page of its own, by the reason that stands on it; pure.

Source: CloudFront developer guide, "Troubleshooting error responses" (400 to 504).
"""

import re

from probes.transport.http import Answer

NO_ORIGIN = "CloudFront cannot get an answer from its origin (the gateway's load balancer)"
_REASONS = (
    (
        r"not configured to allow the HTTP request method",
        "CloudFront's behaviour for this path: its allowed methods lack {method}",
    ),
    (
        r"block access from your country",
        "CloudFront's geographic restriction: it refuses the country that the probes ask from",
    ),
    (
        r"able to resolve the origin",
        "CloudFront's origin: its domain name does not resolve",
    ),
    (
        r"lambda|edge function|FunctionExecution|function (?:returned|associated)",
        "the function at the edge (CloudFront Functions, Lambda@Edge) fails",
    ),
    (
        r"alternate domain name|\bCNAME\b|Bad request\. We can't connect",
        "CloudFront's alternate domain names: no distribution takes this host name",
    ),
    (r"Key-Pair-Id", "CloudFront's behaviour for this path wants signed URLs"),
)


def cause(answer: Answer) -> str:
    """Whom to look at for an error page that CloudFront wrote."""
    text = answer.body[:20_000].decode("utf-8", "replace")
    for pattern, found in _REASONS:
        if re.search(pattern, text, re.IGNORECASE):
            return found.format(method=answer.method)
    if answer.status >= 500:
        return NO_ORIGIN
    return f"CloudFront itself refuses the request with {answer.status}: its page says why"
