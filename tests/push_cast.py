"""A push service on loopback, and a browser that opens what was sealed for it."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from clinic.reminders.channels import sealing


@dataclass
class Browser:
    """What a browser keeps to itself, and what it gives us."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = b"0123456789abcdef"

    @property
    def gives(self) -> dict[str, str]:
        return {"public_key": sealing.public(self.key), "auth_secret": sealing.coded(self.secret)}

    def opens(self, body: bytes) -> bytes:
        """RFC 8291 from the other side."""
        salt, theirs, text = body[:16], body[21:86], body[86:]
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
        ours = sealing.decoded(sealing.public(self.key))
        secret = _hkdf(shared, self.secret, b"WebPush: info\0" + ours + theirs, 32)
        opener = AESGCM(_hkdf(secret, salt, b"Content-Encoding: aes128gcm\0", 16))
        filled = opener.decrypt(_hkdf(secret, salt, b"Content-Encoding: nonce\0", 12), text, None)
        return filled.rstrip(b"\0").removesuffix(b"\x02")

    def shows(self, body: bytes) -> dict[str, str]:
        shown: dict[str, str] = json.loads(self.opens(body))
        return shown


def _hkdf(secret: bytes, salt: bytes, what: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=what).derive(secret)


class PushService:
    """Answers 201, or as `answers` says for the next messages; 0 takes it and hangs up."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, str], bytes]] = []  # path, headers, body
        self.answers: list[int] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.service = self  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> "PushService":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        service: PushService = self.server.service  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        service.taken.append((self.path, dict(self.headers), body))
        status = service.answers.pop(0) if service.answers else 201
        if not status:
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Nothing."""
