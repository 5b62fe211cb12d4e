"""Which URLs and addresses a webhook may go to: everything that is not plainly on the internet is refused."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.webhooks.receiver import LONGEST_URL, Receiver, Receivers, public

URL = "the URL of a webhook endpoint"
SHAPE = Invalid(URL, "such as https://shop.example/hooks, without a password and without #")
HTTPS = Invalid(URL, "one that begins with https://")


def _host(name: str) -> Invalid:
    return Invalid(f"the host {name}", "a name on the internet, such as shop.example")


def _address(text: str) -> Invalid:
    return Invalid(f"the address {text}", "an address on the internet")


@pytest.mark.parametrize(
    ("case", "url", "expected"),
    [
        ("a name", "https://shop.example", Receiver(True, "shop.example", 443, "/")),
        ("a path and a query", "https://Shop.example/in?token=a&b=%20", Receiver(True, "shop.example", 443, "/in?token=a&b=%20")),
        ("a query alone", "https://shop.example?a", Receiver(True, "shop.example", 443, "/?a")),
        ("another port", "https://shop.example:8443/", Receiver(True, "shop.example", 8443, "/")),
        ("punycode", "https://xn--bcher-kva.example/", Receiver(True, "xn--bcher-kva.example", 443, "/")),
        ("an address", "https://93.184.215.14/", Receiver(True, "93.184.215.14", 443, "/", IPv4Address("93.184.215.14"))),
        (
            "an address of IPv6",
            "https://[2606:2800:21f:cb07::1]/",
            Receiver(True, "2606:2800:21f:cb07::1", 443, "/", IPv6Address("2606:2800:21f:cb07::1")),
        ),
    ],
)
def test_receivers_on_the_internet(case: str, url: str, expected: Receiver) -> None:
    """A URL is read into what is called, and what is said there."""
    assert expected == Receivers().read(url), case


@pytest.mark.parametrize(
    ("case", "url", "refusal"),
    [
        ("no URL", "shop.example", SHAPE),
        ("nothing", "", SHAPE),
        ("too long", f"https://shop.example/{'x' * LONGEST_URL}", Invalid("a URL of 2021 characters", "at most 2000")),
        ("another scheme", "ftp://shop.example/", SHAPE),
        ("a file", "file:///etc/passwd", SHAPE),
        ("a scheme in capital letters", "HTTPS://shop.example/", SHAPE),
        ("in the open", "http://shop.example/", HTTPS),
        ("a password", "https://me:secret@shop.example/", SHAPE),
        ("a name before another", "https://shop.example@127.0.0.1/", SHAPE),
        ("a backslash", "https://shop.example\\@127.0.0.1/", SHAPE),
        ("a fragment", "https://shop.example/#in", SHAPE),
        ("a blank", "https://shop.example/a b", SHAPE),
        ("a line break", "https://shop.example/\r\nHost: other", SHAPE),
        ("a tab", "https://shop.example/\t", SHAPE),
        ("no ASCII", "https://bücher.example/", SHAPE),
        ("no ASCII in the path", "https://shop.example/ä", SHAPE),
        ("a full-width digit", "https://127.0.0.\uff11/", SHAPE),
        ("port 22", "https://shop.example:22/", Invalid("the port 22", "one of 443, 8443")),
        ("port 0", "https://shop.example:0/", Invalid("the port 0", "one of 443, 8443")),
        ("port 80", "https://shop.example:80/", Invalid("the port 80", "one of 443, 8443")),
        ("a port beyond all", "https://shop.example:99999/", Invalid("the port 99999", "one of 443, 8443")),
        ("this machine", "https://localhost/", _host("localhost")),
        ("this machine, with a point", "https://a.localhost/", _host("a.localhost")),
        ("a word", "https://postgres/", _host("postgres")),
        ("a name of ours", "https://db.internal/", _host("db.internal")),
        ("the metadata of a cloud by name", "https://metadata.google.internal/", _host("metadata.google.internal")),
        ("a name in the house", "https://printer.local/", _host("printer.local")),
        ("a number", "https://2130706433/", _host("2130706433")),
        ("a number in hex", "https://0x7f000001/", _host("0x7f000001")),
        ("an address in hex", "https://0x7f.0.0.1/", _host("0x7f.0.0.1")),
        ("an address in octal", "https://0177.0.0.1/", _host("0177.0.0.1")),
        ("an address cut short", "https://127.1/", _host("127.1")),
        ("loopback", "https://127.0.0.1/", _address("127.0.0.1")),
        ("the metadata of a cloud", "https://169.254.169.254/latest/meta-data", _address("169.254.169.254")),
        ("loopback by IPv6", "https://[::1]/", _address("::1")),
        ("IPv4 in IPv6", "https://[::ffff:127.0.0.1]/", _address("::ffff:127.0.0.1")),
        ("NAT64", "https://[64:ff9b::127.0.0.1]/", _address("64:ff9b::127.0.0.1")),
        ("6to4", "https://[2002:7f00:1::]/", _address("2002:7f00:1::")),
        ("a zone", "https://[fe80::1%25eth0]/", SHAPE),
    ],
)
def test_urls_that_are_refused(case: str, url: str, refusal: Invalid) -> None:
    """Anything that is not an https URL of a public name or address, or that two programs might read differently."""
    with pytest.raises(Invalid) as refused:
        Receivers().read(url)

    assert refusal == refused.value, case


@pytest.mark.parametrize("url", ["http://127.0.0.1:5678/in", "http://n8n:5678/", "https://[::1]:1/", "http://localhost/"])
def test_in_development_everything_is_reached(url: str) -> None:
    """With the setting for development and tests, this machine too, and in the open."""
    assert Receivers(anywhere=True).read(url).port


@pytest.mark.parametrize(
    ("receiver", "expected"),
    [
        (Receiver(True, "shop.example", 443, "/"), "shop.example"),
        (Receiver(True, "shop.example", 8443, "/"), "shop.example:8443"),
        (Receiver(False, "shop.example", 80, "/"), "shop.example"),
        (Receiver(True, "2606:2800::1", 8443, "/"), "[2606:2800::1]:8443"),
    ],
)
def test_what_the_header_host_says(receiver: Receiver, expected: str) -> None:
    """The name, and the port where it is not the scheme's own."""
    assert expected == receiver.authority


@given(st.ip_addresses(v=4))
def test_an_address_in_another_one_is_no_way_around(inner: IPv4Address) -> None:
    """No address of IPv6 that stands for one of IPv4 is public, whatever that one is."""
    number = int(inner)
    embedded = (number, 0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x64FF9B0001 << 80 | number, 0x2002 << 112 | number << 80)

    assert not any(public(IPv6Address(each)) for each in embedded)


@given(st.ip_addresses())
def test_nothing_special_is_public(address: IPv4Address | IPv6Address) -> None:
    """What the standard library knows to be special is refused, and more."""
    special = address.is_private or address.is_loopback or address.is_link_local or address.is_multicast or address.is_reserved
    assert not (special or address.is_unspecified) or not public(address)


def test_the_internet_is_reached() -> None:
    """Ordinary addresses are public."""
    assert all(public(ip_address(each)) for each in ("1.1.1.1", "8.8.8.8", "93.184.215.14", "2606:4700::1111", "2a00:1450::1"))
