"""{fault: {scenario: code}}: what each fault must lead to over a whole run; whatever is not named here must hold."""

from probes.finding import Code
from scenarios.contracts import MISSING, NEED_REDIS, ROUTES

Row = dict[str, str]
