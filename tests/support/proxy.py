"""A forward proxy, as companies have them between their machines and the internet."""

from __future__ import annotations

import select
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Proxy(ThreadingHTTPServer):
    """Passes requests on, and takes note of what they were; ``refuse`` has it pass none."""

    daemon_threads = True

    def __init__(self, *, refuse: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.refuse = refuse
        self.seen: list[tuple[str, str, str | None]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        """Where it is."""
        return f"127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Pass a request on whole, and the answer back."""
        if not self._may_pass():
            return
        url = urlsplit(self.path)
        assert url.hostname
        with socket.create_connection((url.hostname, url.port or 80)) as there:
            path = url.path + (f"?{url.query}" if url.query else "")
            headers = [f"{name}: {value}" for name, value in self.headers.items()]
            lines = [f"GET {path} HTTP/1.1", *headers, "Connection: close", "", ""]
            there.sendall("\r\n".join(lines).encode())
            while part := there.recv(65536):
                self.wfile.write(part)
        self.close_connection = True

    def do_CONNECT(self) -> None:
        """Pass on whatever comes, both ways."""
        if not self._may_pass():
            return
        host, _, port = self.path.partition(":")
        with socket.create_connection((host, int(port))) as there:
            self.send_response(200)
            self.end_headers()
            ends = {self.connection: there, there: self.connection}
            while True:
                for end in select.select(list(ends), [], [], 60)[0]:
                    part = end.recv(65536)
                    if not part:
                        self.close_connection = True
                        return
                    ends[end].sendall(part)

    def _may_pass(self) -> bool:
        assert isinstance(self.server, Proxy)
        sign = self.headers.get("Proxy-Authorization")
        self.server.seen.append((self.command, self.path, sign))
        if self.server.refuse:
            self.send_error(403)
        return not self.server.refuse

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Be quiet."""
