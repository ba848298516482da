"""The edge: what is between a user and the services passes on what they say, and nothing else."""

from functools import partial

import pytest

from probes.auth.users import User
from probes.config.environment import Target
from probes.finding import Code, NotApplicable, broken_promise
from probes.recording.recorder import current
from probes.services import addresses, exposure, health, static_site
from probes.transport import tls
from probes.transport.envelopes import Envelope, expect, expect_shape
from probes.transport.http import Answer, Web
from scenarios.contracts import JWKS, MISSING, NEED_REDIS, ROUTES, Contract

pytestmark = pytest.mark.promise(owner="platform", incident="V6 §1")

by_name = partial(pytest.mark.parametrize, ids=lambda contract: contract.name)


@pytest.mark.parametrize("host", ["apex", "api"])
@by_name("contract", ROUTES)
async def test_a_route_answers_json(
    web: Web, target: Target, alice: User, contract: Contract, host: str
) -> None:
    """Every public route of weAlist's API answers JSON as its service wraps it, never a page."""
    answer = await _get(web, target, alice, contract, host)
    data = expect(answer, contract.envelope, 200, contract.kind, contract.keys)
    if contract.is_health:
        health.expect_up(answer, data)


@by_name("contract", MISSING)
async def test_an_error_stays_an_error(
    web: Web, target: Target, alice: User, contract: Contract
) -> None:
    """Who asks the app for something that is not there is told so, with the service's own status
    and JSON.
    """
    expect(await _get(web, target, alice, contract, "apex"), contract.envelope, contract.status)


async def _get(web: Web, target: Target, alice: User, contract: Contract, host: str) -> Answer:
    """What `host` answers to the contract's GET: with alice's token, unless the route is public."""
    origin = target.hosts.apex if host == "apex" else target.hosts.api
    url = contract.url(origin, target, alice.id)
    headers = {"x-workspace-id": target.workspace.id} if contract.is_scoped else {}
    token = "" if contract.public else await alice.token()
    return await web.ask("GET", url, token=token, headers=headers)


@pytest.mark.promise(owner="platform", incident="Redis TLS gap, contract 5.5")
@pytest.mark.parametrize("name", NEED_REDIS)
async def test_redis_is_there_for_those_who_need_it(web: Web, target: Target, name: str) -> None:
    """Services that deliver through Redis say that they have it; ready alone says nothing."""
    answer = await web.ask("GET", f"{target.hosts.api}/api/svc/{name}/health/ready")
    checks = expect_shape(answer, Envelope.RAW, health.Readiness)["checks"]
    if checks.get("redis") != "ok":
        raise broken_promise(
            Code.DEPENDENCY_DEGRADED,
            f"{name}-service calls itself ready, and its redis check says {checks.get('redis')!r}",
            "redis: ElastiCache wants TLS, the Go services build a client without it "
            "(contract 5.5)",
        )


@pytest.mark.promise(owner="auth", incident="7bfadad3, contract 1.5")
async def test_the_app_may_call_its_services(web: Web) -> None:
    """A service that answers only some origins answers the app's own."""
    await exposure.expect_own_origin_allowed(web, JWKS)


@pytest.mark.promise(incident="cf538406")
async def test_the_app_loads_with_all_its_assets(web: Web, target: Target) -> None:
    """The app's page, its config.js and every script and style that it names load with the right
    type.
    """
    await static_site.expect_assets(web, target)


@pytest.mark.promise(incident="contract 1.3")
async def test_a_deep_link_opens_the_app(web: Web, target: Target) -> None:
    """A link into the app, opened from outside, answers the app itself."""
    await static_site.expect_deep_link(web, target, f"/workspace/{target.workspace.id}/storage")


@pytest.mark.promise(incident="916febba")
@pytest.mark.parametrize("host", ["apex", "api", "cdn", "livekit"])
async def test_the_certificate_holds(target: Target, host: str) -> None:
    """The host's certificate is trusted, names the host, and does not end soon."""
    days = await tls.days_left(target, _origin(target, host))
    if finding := tls.explain_expiry(host, days, target.tls.warn_days):
        current().degrade(finding)


def _origin(target: Target, host: str) -> str:
    """Empty where the environment names no such host."""
    origins = {"apex": target.hosts.apex, "api": target.hosts.api, "cdn": target.hosts.cdn}
    return (origins | {"livekit": target.livekit.origin if target.livekit else ""})[host]


@pytest.mark.promise(incident="contract 1.2")
@pytest.mark.parametrize("host", ["apex", "api", "cdn", "livekit"])
async def test_every_connection_is_served(web: Web, target: Target, host: str) -> None:
    """Whichever address of the host a visitor's machine picks, a new connection is trusted and
    answered.
    """
    await addresses.expect_all_served(web, _origin(target, host))


@pytest.mark.promise(incident="8ba53b70")
async def test_http_leads_to_https(web: Web, target: Target) -> None:
    """Who types the address without https is led to it."""
    if not target.hosts.plain:
        raise NotApplicable("this environment names no plain http host")
    await static_site.expect_https_redirect(web, target)
