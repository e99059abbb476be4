"""The way to VTEX: its certificate verified, through a company's proxy where there is one."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.support.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.shop import Shop
    from tests.support.tap import Tap

#: A certificate for 127.0.0.1 that nobody vouches for, with its key. It opens nothing.
SELF_SIGNED = """\
-----BEGIN CERTIFICATE-----
MIIBmzCCAUCgAwIBAgIUOH+0InPi+zom0xgSac27w7vOvtAwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOdGFwLXZ0ZXgtdGVzdHMwIBcNMjYxMTIzMTcwNTE2WhgPMjEy
NjEwMzAxNzA1MTZaMBkxFzAVBgNVBAMMDnRhcC12dGV4LXRlc3RzMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAE/b3KiMZwL390PBPYqZs0pUlGOTKCMmy01WuSW+Ry
fr4XGMAGe0inEX4Ry646KknQH2DJzaWXRrSPEe0K93bZu6NkMGIwHQYDVR0OBBYE
FFsqsBfTrcB4vsefNKApYz2ik1nSMB8GA1UdIwQYMBaAFFsqsBfTrcB4vsefNKAp
Yz2ik1nSMA8GA1UdEwEB/wQFMAMBAf8wDwYDVR0RBAgwBocEfwAAATAKBggqhkjO
PQQDAgNJADBGAiEAvHgJ+ykqlmJU2ktaX7B77tr4myz+3QHdOoxWLr/zCMECIQCN
0EAxnE/YVtocje5pgTlUXLh7ADDHhCuFR+UtnyKl1Q==
-----END CERTIFICATE-----
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgRkxLNnsN6QY3elIf
Vm6s/hbH2shbPKwO1IgFNAORfwqhRANCAAT9vcqIxnAvf3Q8E9ipmzSlSUY5MoIy
bLTVa5Jb5HJ+vhcYwAZ7SKcRfhHLrjoqSdAfYMnNpZdGtI8R7Qr3dtm7
-----END PRIVATE KEY-----
"""


class Server(HTTPServer):
    """An HTTPS server that takes note of what it is asked."""

    def __init__(self, certificate: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.keys: list[str | None] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a handshake that the other side gave up."""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        self.server.keys.append(self.headers["X-VTEX-API-AppKey"])
        self.send_error(400)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Be quiet."""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    path = tmp_path / "certificate.pem"
    path.write_text(SELF_SIGNED)
    return path


@pytest.fixture
def https(certificate: Path) -> Iterator[Server]:
    with Server(certificate) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def config_for(https: Server) -> dict[str, str]:
    url = f"https://127.0.0.1:{https.server_port}"
    return {"account_name": "ipe", "app_key": "KEY", "app_token": "TOKEN", "api_url": url}


def test_a_server_that_nobody_vouches_for_gets_no_key(tap: Tap, https: Server) -> None:
    run = tap.run(config_for(https), select={"brands"}, expect=1, hurry=True)

    assert https.keys == []
    assert "a TLS certificate that can't be verified" in run.log
    assert "Stream brands failed" in run.log
    assert "Traceback" not in run.log


def test_a_bundle_of_ones_own_can_vouch_for_it(tap: Tap, https: Server, certificate: Path) -> None:
    bundle = {"REQUESTS_CA_BUNDLE": str(certificate)}
    run = tap.run(config_for(https), select={"brands"}, expect=1, hurry=True, env=bundle)

    assert set(https.keys) == {"KEY"}
    assert "status 400" in run.log


def test_a_bundle_that_is_not_there(tap: Tap, https: Server) -> None:
    bundle = {"REQUESTS_CA_BUNDLE": "/no/such/bundle.pem"}
    run = tap.run(config_for(https), select={"brands"}, expect=1, hurry=True, env=bundle)

    assert (
        "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names a file or folder that does not exist" in run.log
    )
    assert "Traceback" not in run.log


#: A proxy of the environment is not used for the machine itself, where no_proxy says so.
EVERYWHERE = {"no_proxy": "", "NO_PROXY": ""}


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy() as proxy:
        yield proxy
        proxy.shutdown()


def test_a_proxy_for_plain_http(tap: Tap, shop: Shop, proxy: Proxy) -> None:
    env = EVERYWHERE | {"HTTP_PROXY": f"http://{proxy.address}"}
    run = tap.run(shop.config(), select={"brands", "sellers"}, env=env)

    assert len(run.records("brands")) > 5
    assert {(method, path.startswith(shop.url)) for method, path, _ in proxy.seen} == {
        ("GET", True)
    }
    assert len(proxy.seen) == sum(shop.requests().values())


def test_a_proxy_for_https_that_wants_a_password(
    tap: Tap, https: Server, certificate: Path, proxy: Proxy
) -> None:
    """It passes on what it can't read: the key is only seen by whom the certificate is of."""
    env = EVERYWHERE | {
        "HTTPS_PROXY": f"http://ana:segredo@{proxy.address}",
        "REQUESTS_CA_BUNDLE": str(certificate),
    }
    run = tap.run(config_for(https), select={"brands"}, expect=1, hurry=True, env=env)

    assert set(https.keys) == {"KEY"}
    assert set(proxy.seen) == {
        ("CONNECT", f"127.0.0.1:{https.server_port}", "Basic YW5hOnNlZ3JlZG8=")
    }
    assert "segredo" not in run.log


@pytest.mark.parametrize("refusing", [True, False], ids=["refuses", "is not there"])
def test_a_proxy_that_does_not_work(tap: Tap, https: Server, refusing: bool) -> None:
    with Proxy(refuse=True) as proxy:
        address = proxy.address if refusing else "127.0.0.1:9"
        env = EVERYWHERE | {"HTTPS_PROXY": f"http://{address}"}
        run = tap.run(config_for(https), select={"brands"}, expect=1, hurry=True, env=env)
        proxy.shutdown()

    assert "a proxy that refused the request" in run.log
    assert https.keys == []


@pytest.mark.parametrize("address", ["socks5://127.0.0.1:9", "http://", "http://[::1"])
def test_a_proxy_that_can_not_be_used(tap: Tap, https: Server, address: str) -> None:
    env = EVERYWHERE | {"HTTPS_PROXY": address}
    run = tap.run(config_for(https), select={"brands"}, expect=1, hurry=True, env=env)

    assert "The proxy in HTTPS_PROXY or HTTP_PROXY can't be" in run.log
    assert "Traceback" not in run.log
