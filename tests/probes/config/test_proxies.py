"""[proxy] is the one proxy that a run knows; the machine's variables are not obeyed."""

from collections.abc import Mapping

import pytest

from probes import proxy_variables
from probes.config import proxies
from probes.config.proxies import Proxy
from probes.finding import BadEnvironment, CannotAsk
from tests.support.usable_environment import USABLE, built

URL = "http://proxy.example.org:3128"
DIRECT = ("files.example.org", "*.svc", "10.0.0.0/8", "fd00::7")


@pytest.mark.parametrize(
    ("host", "is_proxied"),
    [
        ("wealist.co.kr", True),
        ("files.example.org", False),
        ("FILES.example.org.", False),
        ("more.files.example.org", True),
        ("tempo.wealist-prod.svc", False),
        ("svc", True),
        ("10.1.2.3", False),
        ("11.1.2.3", True),
        ("fd00::7", False),
        ("fd00::8", True),
        ("localhost", False),
        ("apex.localhost", False),
        ("127.0.0.9", False),
        ("::1", False),
    ],
)
def test_what_is_direct_is_direct_alone(host: str, is_proxied: bool) -> None:
    """A name, every name below one, a network; and this machine without being listed."""
    assert Proxy(URL, direct=DIRECT).leads_to(host) is is_proxied
    assert not Proxy().leads_to(host)


def test_this_machine_may_be_asked_through_a_proxy_for_a_trial() -> None:
    """Only where the file says so."""
    assert Proxy(URL, loopback=True).leads_to("apex.localhost")


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ('direct = ["a"]', "url in \\[proxy\\] must look like http://proxy"),
        ('url = "proxy:3128"', "must look like http://proxy"),
        ('url = "https://proxy:3128"', "must look like http://proxy"),
        ('url = "socks5://proxy:3128"', "must look like http://proxy"),
        ('url = "http://me:secret@proxy:3128"', "without a user; credentials names the variable"),
        ('url = "HTTP://proxy:3128"', "must look like http://proxy"),
        ('url = "http://pro\\nxy:3128"', "must look like http://proxy"),
        ('url = "http://proxy:0"', "must look like http://proxy"),
        ('url = "http://proxy:many"', "must look like http://proxy"),
        (
            f'url = "{URL}"\ndirect = ["http://a"]',
            "direct in .* lists hosts like .*, not 'http://a'",
        ),
        (f'url = "{URL}"\ndirect = ["a:443"]', "lists hosts like"),
        (f'url = "{URL}"\ndirect = ["*"]', "lists hosts like"),
        (f'url = "{URL}"\nuser = "me"', "unknown key 'user' in \\[proxy\\]"),
    ],
)
def test_a_mistaken_table_gets_one_sentence(table: str, sentence: str) -> None:
    """A secret in the file is one of the mistakes, and is not quoted."""
    with pytest.raises(BadEnvironment, match=sentence) as failure:
        built(f"{USABLE}[proxy]\n{table}\n")
    assert "secret" not in str(failure.value)


def test_a_table_is_read() -> None:
    """And without one every client asks directly."""
    table = f'[proxy]\nurl = "{URL}"\ncredentials = "P"\ndirect = ["a.example.org"]\n'
    assert built(USABLE + table).proxy == Proxy(URL, "P", ("a.example.org",))
    assert not built(USABLE).proxy.leads_to("a.example.org")


MACHINE = {"https_proxy": "http://u:p@machine.invalid:1", "NO_PROXY": "wealist.co.kr", "HOME": "/h"}


def test_what_cannot_be_told_otherwise_is_told_by_variables() -> None:
    """Exports and notices obey the same table, in place of the machine's variables."""
    environ = {**MACHINE, "P": "me:p@ss/word"}
    proxy = Proxy(URL, "P", DIRECT)
    proxies.replace(environ, proxy)
    assert environ["https_proxy"] == "http://me:p%40ss%2Fword@proxy.example.org:3128"
    assert "machine.invalid" not in str(environ)
    for url in ("https://discord.com/api", "http://11.1.1.1:4318/v1/traces"):
        assert proxy_variables.url_for(environ, url) == environ["HTTPS_PROXY"]
    for url in ("http://tempo.x.svc:1", "http://files.example.org", "http://127.0.0.1:4318"):
        assert not proxy_variables.url_for(environ, url)


def test_without_a_table_no_variable_is_left() -> None:
    """Neither the machine's nor ours."""
    environ = dict(MACHINE)
    proxies.replace(environ, Proxy())
    assert environ == {"HOME": "/h"}
    assert not proxy_variables.url_for(environ, "https://discord.com")
    assert not proxy_variables.url_for(
        environ, "https://[::1"
    )  # who asks there says that it is none


@pytest.mark.parametrize("name", ["SOCKS_SERVER", "socks_proxy", "Auto_Proxy", "all_proxy"])
def test_no_library_finds_a_proxy_of_the_machine(name: str) -> None:
    """Each library knows names of its own; Chromium alone obeys SOCKS_SERVER."""
    assert proxy_variables.without({name: "socks5://machine.invalid:1", "HOME": "/h"}) == {
        "HOME": "/h"
    }


@pytest.mark.parametrize("held", ["", "nobody", ":word"])
def test_credentials_that_are_none_are_named_by_their_variable(held: str) -> None:
    """What stands there is not quoted."""
    with pytest.raises(CannotAsk, match="names P, which holds no user:password"):
        Proxy(URL, "P").userinfo({"P": held})


@pytest.mark.parametrize(
    ("environ", "proxy", "sentence"),
    [
        ({}, Proxy(), ""),
        ({"NO_PROXY": "a"}, Proxy(), ""),
        (
            {"socks_server": "s:1"},
            Proxy(),
            "SOCKS_SERVER is set here and is not used: every client",
        ),
        (MACHINE, Proxy(), "HTTPS_PROXY is set here and is not used: every client asks directly"),
        ({}, Proxy(URL, direct=("a",)), f"every client asks through [proxy] {URL}, but for this"),
        (MACHINE, Proxy(URL), "but for this machine; HTTPS_PROXY is set here and is not used"),
    ],
)
def test_the_way_is_said(environ: Mapping[str, str], proxy: Proxy, sentence: str) -> None:
    """Which proxy is used, and which is not; nothing where there is nothing to say."""
    described = proxies.describe(environ, proxy)
    assert sentence in described
    assert bool(described) is bool(sentence)
