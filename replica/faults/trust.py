"""Faults of sign-in, of what services believe of a token, and of doors that stand open (V6 §7 and
its neighbours).
"""

from replica.faults.fault import NO_INCIDENT, Fault

SIGN_IN = (
    Fault(
        "oauth-filter-runs-late",
        "The filter that keeps redirect_uri runs after the redirect to Google: every "
        "sign-in lands in the main app.",
        "V6 §7 first cause, 481c46e9",
    ),
    Fault(
        "token-lacks-email-claim",
        "Auth-service mints tokens without the email claim, so ops-service answers 401 to "
        "the portal's users.",
        "V6 §7 as it was, f4687cde",
    ),
    Fault(
        "portal-user-missing",
        "Ops-service has no row for the operator: the portal's users are refused with 403.",
        "ops has no row, contract §6",
    ),
    Fault(
        "portal-user-is-inactive",
        "Somebody has switched off the operator's row in ops-service: the portal's users are "
        "refused with 403.",
        "contract §6",
    ),
    Fault(
        "auth-pods-hold-different-keys",
        "Each auth pod signs with a key of its own and shows that key; the services know "
        "the first pod's.",
        "90cd4d3e",
    ),
    Fault(
        "oauth-session-stays-in-one-pod",
        "Auth-service has no Spring Session: each pod keeps its sessions to itself, in "
        "Tomcat's cookie JSESSIONID.",
        "36816976",
    ),
    Fault(
        "oauth-hosts-differ",
        "Google sends people back to the apex host, while sign-in starts at the api host: "
        "the cookie stays behind.",
        "b6b56edd",
    ),
    Fault(
        "forwarded-proto-missing",
        "The gateway says that everybody came over http and leaves /api before the OAuth paths: "
        "each sign-in is redirected to plain http.",
        "8ba53b70",
    ),
    Fault(
        "oauth-callback-not-rewritten",
        "The gateway leaves /api before the OAuth callback, a path that auth-service "
        "does not serve: everybody is sent to sign in again.",
        "de3bc490",
    ),
    Fault(
        "redirect-uri-unchecked",
        "The allow-list of redirect_uri is empty, which means all: tokens are sent to "
        "whatever address was asked for.",
        "empty allow-list, contract §2.1",
    ),
    Fault(
        "oauth-landing-without-token",
        "Auth-service sends people who have signed in to their landing without tokens.",
        NO_INCIDENT,
    ),
    Fault(
        "oauth-callback-throws",
        "Auth-service cannot ask user-service for who has signed in, and the exception sends "
        "them to sign in again.",
        "contract §2.1",
    ),
    Fault(
        "oauth-state-unchecked",
        "Auth-service does not compare the state: a session takes the code of anybody "
        "else's sign-in.",
        NO_INCIDENT,
    ),
    Fault(
        "oauth-keeps-redirect-uri",
        "Auth-service keeps the redirect_uri of a sign-in that was given up: the next one lands "
        "there.",
        "contract §2.1",
    ),
    Fault(
        "auth-cors-forgets-the-app",
        "Auth-service's list of origins lost the app's own: 403 to all but refreshes that name it.",
        "7bfadad3",
    ),
    Fault(
        "ops-monitoring-fails",
        "Ops-service cannot ask Prometheus or Argo CD: 500 to the dashboard's questions.",
        "5a0e8811",
    ),
    Fault(
        "ops-monitoring-is-empty",
        "Ops-service cannot ask Prometheus: every number of the dashboard is 0.",
        "5a0e8811",
    ),
    Fault(
        "sign-out-forgets-refresh-token",
        "Signing out ends the access token only; the refresh token that came along stays good.",
        "contract §2.3",
    ),
)

TRUST = (
    Fault(
        "ops-parses-without-verifying",
        "Ops-service reads access tokens without checking signature, issuer, type or end.",
        "V6 §7 second cause",
    ),
    Fault(
        "services-trust-unverified-tokens",
        "User, board, chat, noti and storage read the tokens of HTTP calls without "
        "checking signature, issuer, "
        "type or end.",
        "ISTIO_JWT_MODE without Istio, contract §2.5",
    ),
    Fault(
        "services-ignore-expiry",
        "User, board, chat, noti, storage and ops take an access token in an HTTP call "
        "after its end.",
        NO_INCIDENT,
    ),
    Fault(
        "service-accepts-alg-none",
        "Storage takes any token for good that says of itself that it is not signed (alg: none).",
        NO_INCIDENT,
    ),
    Fault(
        "auth-validates-foreign-issuers",
        "Auth-service's /validate does not compare the issuer, and every service, socket and "
        "stream takes its word.",
        "contract §2.3",
    ),
    Fault(
        "refresh-token-serves-as-access",
        "No service, socket or stream looks at a token's type: a refresh token opens them all.",
        "type not checked",
    ),
)

EXPOSURE = (
    Fault(
        "test-token-endpoint-open",
        "The test token endpoint is on, as in a test environment: anybody gets a token for "
        "anybody.",
        "ENABLE_TEST_AUTH in production",
    ),
    Fault(
        "jwks-shows-private-key",
        "Auth-service publishes a private member of its signing key among the public ones.",
        NO_INCIDENT,
    ),
    Fault(
        "internal-endpoints-open",
        "The gateway passes /api/internal of user and noti on from outside, and neither "
        "asks who is there.",
        "contract §2.5",
    ),
)
