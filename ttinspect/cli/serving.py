"""The HTTP server of ``serve``: read-only, one reading at a time, TLS and basic authentication if asked."""

import base64
import gzip
import hashlib
import http.server
import os
import socket
import socketserver
import ssl
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from ttinspect import __version__
from ttinspect.cli.streams import tell
from ttinspect.cli.web_config import WebConfig, read_web_config
from ttinspect.errors import ExitCode, InspectError
from ttinspect.model.metric import Family
from ttinspect.report.metrics import Exposition

_HEADER_SECONDS = 10.0
"""How long a client may take to send its request."""
_MOST_CLIENTS = 32
_FIRST_SOCKET = 3
"""The first file descriptor that systemd hands over (sd_listen_fds(3))."""
_NOBODY = b"$2b$04$NvPZ4M.jOYYvDQyVeO4TpOL1JsgrCPoHQD51bK2FQlFp.TIZkxYsO"
"""A hash to check the password of an unknown user against, so that he takes as long as a known one."""
_PAGE = """<!DOCTYPE html><html lang="en"><head><title>ttinspect</title></head><body>
<h1>ttinspect {version}</h1>
<p><a href="/metrics">Metrics</a> of the Tenstorrent devices of this host, for Prometheus.</p></body></html>
"""


class Access:
    """Who may read the metrics. The web configuration is read again when the file has changed, so that
    passwords and certificates can be replaced without a restart. While the file is wrong nobody is let in,
    and standard error says so once."""

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._stamp = self._stamp_now()
        self._lock = threading.Lock()
        self._known: set[bytes] = set()
        self._config: WebConfig | None = WebConfig() if path is None else read_web_config(path)
        self.context: ssl.SSLContext | None = None
        if self._config is not None and self._config.tls is not None:
            self.context = self._config.tls.context()

    def _stamp_now(self) -> tuple[int, ...] | None:
        if self._path is None:
            return None
        try:
            status = os.stat(self._path)  # noqa: PTH116
        except OSError:
            return ()
        return status.st_ino, status.st_mtime_ns, status.st_size

    def refresh(self) -> None:
        """Read the web configuration again if the file has changed."""
        with self._lock:
            stamp = self._stamp_now()
            if self._path is None or stamp == self._stamp:
                return
            self._stamp = stamp
            self._known.clear()
            try:
                config = read_web_config(self._path)
                context = None if config.tls is None else config.tls.context()
            except InspectError as error:
                self._config = None
                tell(f"ttinspect: {error.what}: {error.why}; nobody is let in until it is mended\n")
                return
            if (context is None) != (self.context is None):
                self._config = None
                tell("ttinspect: TLS was switched on or off: start serve again\n")
                return
            self._config, self.context = config, context

    @property
    def open(self) -> bool:
        """Whether anybody is let in without a password."""
        return self._config is not None and not self._config.users

    def allows(self, authorization: str | None) -> bool:
        """Whether a request with this header may be answered."""
        config = self._config
        if config is None:
            return False
        if not config.users:
            return True
        scheme, _, encoded = (authorization or "").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            return False
        if not colon:
            return False
        return self._is_password(password, config.users.get(user))

    def _is_password(self, password: str, hashed: str | None) -> bool:
        """bcrypt takes a tenth of a second by design: a password that was right is remembered by a digest."""
        import bcrypt  # read_web_config has looked whether it is there

        digest = hashlib.sha256(f"{hashed}\0{password}".encode()).digest()
        if digest in self._known:
            return True
        candidate = password.encode()
        if len(candidate) > 72:  # bcrypt reads no more, and newer releases of the library refuse
            return False
        right = (
            bcrypt.checkpw(candidate, _NOBODY if hashed is None else hashed.encode()) and hashed is not None
        )
        if right:
            self._known.add(digest)
        return right


class Readings:
    """The families of the last reading; a new one when it is older than ``floor_seconds``. Requests that come
    while one is being made wait for it and share it."""

    def __init__(self, read: Callable[[], tuple[Family, ...]], floor_seconds: float) -> None:
        self._read, self._floor = read, floor_seconds
        self._lock = threading.Lock()
        self._families: tuple[Family, ...] = ()
        self._until = float("-inf")

    def families(self) -> tuple[Family, ...]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._families = self._read()
                self._until = time.monotonic() + self._floor
            return self._families


class _Handler(http.server.BaseHTTPRequestHandler):
    server: "MetricsServer"
    server_version = f"ttinspect/{__version__}"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = _HEADER_SECONDS

    def setup(self) -> None:
        context = self.server.access.context
        self.request.settimeout(_HEADER_SECONDS)
        if context is not None:
            self.request = context.wrap_socket(self.request, server_side=True)
        super().setup()

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        self.server.access.refresh()
        if not self.server.access.allows(self.headers.get("Authorization")):
            self._send(401, b"unauthorized\n", "text/plain", with_body, ("WWW-Authenticate", "Basic"))
            return
        path = self.path.partition("?")[0]
        if path == "/metrics":
            families = self.server.readings.families()
            body, content_type = self.server.exposition.negotiated(families, self.headers.get("Accept"))
            self._send(200, body, content_type, with_body)
        elif path == "/":
            self._send(200, _PAGE.format(version=__version__).encode(), "text/html; charset=utf-8", with_body)
        elif path == "/-/healthy":
            self._send(200, b"ok\n", "text/plain", with_body)
        else:
            self._send(404, b"there is only /metrics\n", "text/plain", with_body)

    def _send(
        self, status: int, body: bytes, content_type: str, with_body: bool, *more: tuple[str, str]
    ) -> None:
        headers = [("Content-Type", content_type), *more, ("Vary", "Accept, Accept-Encoding")]
        if "gzip" in (self.headers.get("Accept-Encoding") or ""):
            body = gzip.compress(body, 6)
            headers.append(("Content-Encoding", "gzip"))
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Print nothing: requests come every few seconds."""


class MetricsServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Serves ``readings`` to whom ``access`` lets in."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, listener: socket.socket, access: Access, readings: Readings) -> None:
        self.access, self.readings, self.exposition = access, readings, Exposition()
        self._clients = threading.BoundedSemaphore(_MOST_CLIENTS)
        super().__init__(listener.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_activate()

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._clients.acquire(timeout=_HEADER_SECONDS):
            self.shutdown_request(request)  # too many at once: this one may come again
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._clients.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print an error, unless the client went away or did not speak TLS: that is not our fault."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def listener_on(address: str) -> socket.socket:
    """The socket that systemd handed over, if it did, else one on HOST:PORT.

    Raises:
        InspectError: 2 for an address that is none or is taken, 6 without permission.
    """
    if os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS") == "1":
        return socket.socket(fileno=_FIRST_SOCKET)
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise InspectError(f"--listen {address}", "it is not HOST:PORT", "for instance 127.0.0.1:9836")
    host = host.strip("[]")
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host or None, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(where)
    except OSError as error:
        code = ExitCode.PERMISSION if isinstance(error, PermissionError) else ExitCode.USAGE
        raise InspectError(
            f"cannot listen on {address}",
            (error.strerror or str(error)).lower(),
            "choose another address with --listen",
            code,
        ) from None
    return made


def is_loopback(listener: socket.socket) -> bool:
    """Whether only this host can come in."""
    host = str(listener.getsockname()[0])
    return host.startswith("127.") or host == "::1"
