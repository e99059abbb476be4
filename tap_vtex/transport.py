"""Single requests to one host: connections that are kept, proxies, certificates.

`requests` finds out what the environment says of proxies and certificates, and makes the
pool of connections. Requests then go straight through that pool, which is urllib3's:
that costs the processor a third of what `requests.get` does, and one core has to do for
all that VTEX allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Timeout, exceptions

from tap_vtex.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from urllib3 import HTTPConnectionPool

REDIRECTS: Final = range(300, 400)


class Reply(NamedTuple):
    """What came back: the status, the headers by name in any case, and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NoReplyError(Exception):
    """Nothing came back, or only a part; the text is for the log."""


class Transport:
    """GET requests to one host, from any thread.

    No redirect is followed, no cookie kept, and no certificate taken unverified: a request
    carries the store's key.
    """

    def __init__(self, base: str, *, connections: int, timeout: Timeout) -> None:
        """For the URLs that begin with ``base``; so many connections are kept.

        Raises:
            UnavailableError: the proxy or the certificates that the environment names can't
                be used.
        """
        given = requests.Session().merge_environment_settings(
            base, {}, stream=False, verify=None, cert=None
        )
        request = requests.Request("GET", base).prepare()
        adapter = HTTPAdapter(pool_maxsize=connections)
        verify = given["verify"] or True  # never without
        try:
            pool = adapter.get_connection_with_tls_context(
                request, verify, given["proxies"], given["cert"]
            )
        except (requests.RequestException, exceptions.HTTPError):
            raise UnavailableError(
                "The proxy that the environment names (HTTPS_PROXY or HTTP_PROXY) can't be used. "
                "Its address is like http://proxy.example:3128."
            ) from None
        try:
            adapter.cert_verify(pool, base, verify, given["cert"])  # type: ignore[no-untyped-call]
        except OSError:
            raise UnavailableError(
                "There is no file or folder where REQUESTS_CA_BUNDLE (or CURL_CA_BUNDLE) says that "
                "the certificates of the CAs are."
            ) from None
        self._pool = cast("HTTPConnectionPool", pool)
        # A proxy of plain HTTP wants the whole address, all else the path.
        self._front = adapter.request_url(request, given["proxies"]).rstrip("/")
        self._timeout = timeout

    def get(self, path: str, headers: Mapping[str, str]) -> Reply:
        """Ask for a path, with its query.

        Raises:
            NoReplyError: no whole answer came back.
        """
        try:
            response = self._pool.urlopen(
                "GET",
                self._front + path,
                headers=headers,
                timeout=self._timeout,
                retries=False,
                redirect=False,
                assert_same_host=False,
            )
        except exceptions.HTTPError as error:
            raise NoReplyError(_what_happened(error)) from None
        return Reply(response.status, response.headers, response.data)


def _what_happened(error: exceptions.HTTPError) -> str:
    """An exchange that failed, in words that hold no query and no header."""
    if isinstance(error, exceptions.ProxyError):
        return "a proxy that did not let the request through (HTTPS_PROXY or HTTP_PROXY)"
    if isinstance(error, exceptions.SSLError):
        return "a TLS certificate that can't be verified (own CA: set REQUESTS_CA_BUNDLE)"
    if isinstance(error, exceptions.NameResolutionError):
        return "no such host: check account_name"
    if isinstance(error, exceptions.NewConnectionError):
        return "no connection"
    if isinstance(error, exceptions.TimeoutError):
        return "nothing in time"
    return "an answer that broke off"
