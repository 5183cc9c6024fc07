"""The web configuration of ``serve``: a part of the exporter-toolkit's file, read strictly."""

import importlib.util
import os
import ssl
import stat
from pathlib import Path

import msgspec

from ttinspect.errors import ExitCode, InspectError, missing_extra
from ttinspect.facts.files import read_document
from ttinspect.facts.node import Node
from ttinspect.facts.yamltree import parse_yaml

_TLS_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_CLIENT_AUTH = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
_TLS_KEYS = ("cert_file", "key_file", "client_auth_type", "client_ca_file", "min_version", "max_version")
_KEYS = ("tls_server_config", "basic_auth_users")
_BCRYPT = ("$2a$", "$2b$", "$2y$")


class Tls(msgspec.Struct, frozen=True, kw_only=True):
    """Where the certificate and its key are, and what clients have to show."""

    cert_file: str
    key_file: str
    client_auth: ssl.VerifyMode
    client_ca_file: str | None
    min_version: ssl.TLSVersion
    max_version: ssl.TLSVersion | None

    def context(self) -> ssl.SSLContext:
        """A server's context of these files.

        Raises:
            InspectError: 2 or 6 when one of them cannot be read or is no certificate.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = self.min_version
        if self.max_version is not None:
            context.maximum_version = self.max_version
        try:
            context.load_cert_chain(self.cert_file, self.key_file)
            if self.client_ca_file is not None:
                context.load_verify_locations(self.client_ca_file)
        except (OSError, ssl.SSLError) as error:
            code = ExitCode.PERMISSION if isinstance(error, PermissionError) else ExitCode.USAGE
            raise InspectError(
                f"cannot use the certificate {self.cert_file} with the key {self.key_file}",
                (error.strerror or str(error)).lower(),
                "check the files that tls_server_config names",
                code,
            ) from None
        context.verify_mode = self.client_auth
        return context


class WebConfig(msgspec.Struct, frozen=True, kw_only=True):
    """TLS, if any, and the users with the bcrypt hash of their password; nobody is asked where there are
    none."""

    tls: Tls | None = None
    users: dict[str, str] = {}


def read_web_config(path: str) -> WebConfig:
    """Read a web configuration; paths in it are relative to its folder.

    Raises:
        InspectError: 2 for a key that is unknown, a value that is wrong, or a file that others can write
            (they could let themselves in); 6 without permission.
    """
    _refuse_writable(path)
    top = Node(parse_yaml(read_document(path), path) or {}, path)
    _refuse_unknown(top, _KEYS)
    users = {}
    for name, node in top.child("basic_auth_users").entries() if top.child("basic_auth_users") else ():
        hashed = node.text()
        if not hashed.startswith(_BCRYPT):
            node.fail("a bcrypt hash ($2y$...)", "another text")
        users[str(name)] = hashed
    if users and importlib.util.find_spec("bcrypt") is None:
        raise missing_extra("basic_auth_users", "bcrypt", "serve")
    tls = top.child("tls_server_config")
    return WebConfig(tls=_tls(tls, Path(path).parent) if tls else None, users=users)


def _tls(node: Node, folder: Path) -> Tls:
    _refuse_unknown(node, _TLS_KEYS)

    def named(key: str) -> str:
        path = str(folder.joinpath(node.require(key, "a path").text()))
        _refuse_writable(path)
        return path

    ca = named("client_ca_file") if node.child("client_ca_file") else None
    asked = node.child("client_auth_type")
    default = "RequireAndVerifyClientCert" if ca is not None else "NoClientCert"
    auth = _CLIENT_AUTH[asked.text(tuple(_CLIENT_AUTH)) if asked else default]
    if auth is not ssl.CERT_NONE and ca is None:
        node.refuse(
            "client_auth_type asks for certificates that nothing can verify: client_ca_file is missing"
        )
    least, most = (node.child(key) for key in ("min_version", "max_version"))
    return Tls(
        cert_file=named("cert_file"),
        key_file=named("key_file"),
        client_auth=auth,
        client_ca_file=ca,
        min_version=_TLS_VERSIONS[least.text(tuple(_TLS_VERSIONS))] if least else ssl.TLSVersion.TLSv1_2,
        max_version=_TLS_VERSIONS[most.text(tuple(_TLS_VERSIONS))] if most else None,
    )


def _refuse_unknown(node: Node, known: tuple[str, ...]) -> None:
    for key, value in node.entries():
        if key not in known:
            value.refuse(f"serve does not have this key; it has {', '.join(known)}")


def _refuse_writable(path: str) -> None:
    """Refuse a file that others can write: whoever writes it decides who is let in.

    Raises:
        InspectError: 2 when group or others may write it, or it belongs to another user than root or us.
    """
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return  # whoever opens it says why it cannot be read
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and stat.S_ISREG(status.st_mode):
        raise InspectError(
            path, "others than its owner may write it", f"chmod go-w {path}, then start serve again"
        )
    if status.st_uid not in (0, os.geteuid()):
        raise InspectError(
            path,
            f"it belongs to uid {status.st_uid}, who is neither root nor the user that serves",
            "let root or that user own it",
        )
