"""Receivers: which addresses a webhook may go to, so that nobody reaches by it what only we can reach."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias

import attrs

from quarterturn_domain.kernel.errors import Invalid

Address: TypeAlias = IPv4Address | IPv6Address

LONGEST_URL: Final = 2_000
PORTS: Final = frozenset({443, 8443})
"""Where programs answer that anybody may call."""

_HTTPS: Final = 443
_HTTP: Final = 80
_LAST_PORT: Final = 65_535

_URL: Final = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>(?:/[\x21\x22\x24-\x7e]*)?(?:\?[\x21\x22\x24-\x7e]*)?)"
)
_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])"
)

_OURS: Final = ("localhost", "local", "localdomain", "internal", "intranet", "home.arpa", "lan", "corp", "home", "onion")
"""Names that mean another machine to everybody who says them."""

# What `is_global` lets through and still is no address of somebody on the internet, or leads to another address.
_SPECIAL_4: Final = tuple(
    map(
        IPv4Network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
            *("192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24"),
            *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        ),
    )
)
_UNICAST_6: Final = IPv6Network("2000::/3")
_SPECIAL_6: Final = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")))


def public(address: Address) -> bool:
    """Whether an address is somebody's on the internet, by the registries of IANA for special purposes.

    Of IPv6 only what is assigned as global unicast is, which leaves out every address that has one of IPv4 in it: mapped,
    compatible, NAT64 (64:ff9b::/96, 64:ff9b:1::/48), 6to4 (2002::/16) and Teredo (2001::/32).

    >>> [public(ip_address(each)) for each in ("93.184.215.14", "169.254.169.254", "::ffff:127.0.0.1", "64:ff9b::7f00:1")]
    [True, False, False, False]
    """
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _SPECIAL_4)
    return address in _UNICAST_6 and address.is_global and not any(address in network for network in _SPECIAL_6)


@attrs.frozen
class Receiver:
    """Where a webhook goes: the parts of a URL. `target` is what is asked for there; `address` the host, where it is no name."""

    secure: bool
    host: str
    port: int
    target: str
    address: Address | None = None

    @property
    def authority(self) -> str:
        """What the header Host says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (_HTTPS if self.secure else _HTTP) else f"{host}:{self.port}"


@attrs.frozen
class Receivers:
    """Which receivers are allowed. `anywhere` is for development and tests: http, any port, and addresses of our own network."""

    anywhere: bool = False

    def read(self, url: str) -> Receiver:
        """The receiver that a URL names, or `Invalid`; whether its name leads to an address that is allowed is not known yet."""
        if len(url) > LONGEST_URL:
            raise Invalid(f"a URL of {len(url)} characters", f"at most {LONGEST_URL}")
        found = _URL.fullmatch(url)
        if found is None:
            raise Invalid("the URL of a webhook endpoint", "such as https://shop.example/hooks, without a password and without #")
        secure = found["scheme"] == "https"
        if not secure and not self.anywhere:
            raise Invalid("the URL of a webhook endpoint", "one that begins with https://")
        port = int(found["port"] or (_HTTPS if secure else _HTTP))
        if port not in PORTS and not (self.anywhere and 0 < port <= _LAST_PORT):
            raise Invalid(f"the port {port}", f"one of {', '.join(map(str, sorted(PORTS)))}")
        host = found["host"].strip("[]").lower()
        address = self._address(host)
        target = found["target"]
        return Receiver(secure, host, port, target if target.startswith("/") else f"/{target}", address)

    def allows(self, address: Address) -> bool:
        """Whether an address may be called."""
        return self.anywhere or public(address)

    def _address(self, host: str) -> Address | None:
        """The address that a host is; None for a name, of which those that can only be ours are refused."""
        try:
            address = ip_address(host)
        except ValueError:
            pass
        else:
            if not self.allows(address):
                raise Invalid(f"the address {host}", "an address on the internet")
            return address
        ours = any(host == name or host.endswith(f".{name}") for name in _OURS)
        if not self.anywhere and (ours or _NAME.fullmatch(host) is None):
            raise Invalid(f"the host {host[:100]}", "a name on the internet, such as shop.example")
        return None
