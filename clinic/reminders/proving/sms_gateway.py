"""A provider of texts on loopback that speaks like Twilio, keeps what it took, and misbehaves as it is told."""

import json
import random
import re
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from clinic.reminders.rules import signatures

SENDER: Final = "+15550100"
_SID: Final = f"AC{0:032x}"
_TOKEN: Final = "proving"  # noqa: S105  (opens nothing: it is this gateway's own)
_TO_ONE_NUMBER: Final = re.compile(r"/2010-04-01/Accounts/\w+/Messages\.json")


@dataclass(frozen=True, slots=True)
class Taken:
    """A text that the gateway took: whatever the clinic believes, this would have reached a phone."""

    sid: str
    to: str
    body: str
    report_to: str
    at: datetime


class SmsGateway:
    """Answers "ok" unless `answers` holds something else for the next request.

    "busy" (429), "error" (500, not taken), "error_taken" (500, taken), "refuse:21610", "stranger" (401), "hang"
    (taken, and silence), "drop_before" and "drop_after" (the line breaks before or after it is taken). `loses` is the
    share of texts, by chance, that are taken and whose answer is lost.
    """

    def __init__(self, *, port: int = 0, loses: float = 0.0, seed: int = 7) -> None:
        self.taken: list[Taken] = []
        self.tried = 0
        self.lines = 0  # that were opened to it
        self.lost = 0  # answers that never arrived
        self.answers: list[str] = []
        self.loses = loses
        self.slow_seconds = 0.0
        self.hang_seconds = 30.0
        self.is_redacting = False  # the list shows no words, as with Twilio's message redaction
        self._chance = random.Random(seed)  # noqa: S311  (the same faults in each run)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.gateway = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """What SMS_URL has to be."""
        return f"twilio+http://{_SID}:{_TOKEN}@127.0.0.1:{self.port}/?from={SENDER}"

    @property
    def bodies(self) -> list[str]:
        with self._lock:
            return [text.body for text in self.taken]

    def to(self, number: str) -> list[Taken]:
        with self._lock:
            return [text for text in self.taken if text.to == number]

    def sign(self, url: str, fields: dict[str, str]) -> str:
        """The signature under a call to the clinic."""
        return signatures.twilio(_TOKEN, url, fields.items())

    def receipt(self, text: Taken, status: str, *, error: int = 0) -> dict[str, str]:
        """The fields of a report of what became of a text."""
        fields = {"MessageSid": text.sid, "MessageStatus": status, "To": text.to, "From": SENDER, "AccountSid": _SID}
        return fields | ({"ErrorCode": str(error)} if error else {})

    def answer_of(self, number: str, body: str, *, sid: str = "") -> dict[str, str]:
        """The fields of a text that a patient sent."""
        sid = sid or f"SM{random.getrandbits(128):032x}"
        return {"MessageSid": sid, "From": number, "To": SENDER, "Body": body, "AccountSid": _SID, "NumMedia": "0"}

    def post(self, url: str, fields: dict[str, str], *, signed_for: str = "", is_forged: bool = False) -> int:
        """Call the clinic and return its HTTP status. `signed_for` is `url` as the clinic knows it."""
        parts = urlsplit(url)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": self.sign(f"{url}x" if is_forged else signed_for or url, fields),
        }
        line = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            line.request("POST", parts.path, urlencode(fields), headers)
            answer = line.getresponse()
            answer.read()
            return answer.status
        finally:
            line.close()

    def hang_up_all(self) -> None:
        """As a provider does with lines on which nothing is said."""
        for line in tuple(self._open):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def called(self, line: socket.socket) -> None:
        with self._lock:
            self.lines += 1
            self._open.add(line)

    def next_answer(self) -> str:
        with self._lock:
            self.tried += 1
            if self.answers:
                return self.answers.pop(0)
            if self._chance.random() >= self.loses:
                return "ok"
            self.lost += 1
            return "drop_after"

    def take(self, form: dict[str, str]) -> Taken:
        with self._lock:
            text = Taken(
                sid=f"SM{len(self.taken) + 1:032x}",
                to=form["To"],
                body=form["Body"],
                report_to=form.get("StatusCallback", ""),
                at=datetime.now(UTC),
            )
            self.taken.append(text)
        return text


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    gateway: SmsGateway

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: whoever called was killed."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer leaves in one piece
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.gateway.called(self.connection)

    def do_POST(self) -> None:
        gateway = self.server.gateway
        length = int(self.headers["Content-Length"])
        form = dict(parse_qsl(self.rfile.read(length).decode()))
        how = gateway.next_answer()
        if how == "drop_before":
            self._hang_up()
            return
        if refusal := _REFUSALS.get(how.partition(":")[0]):
            self._say(refusal, {"code": int(how.partition(":")[2] or _CODES.get(how, 0)), "message": how})
            return
        time.sleep(gateway.slow_seconds)
        text = gateway.take(form)
        if how in {"hang", "drop_after"}:
            time.sleep(gateway.hang_seconds if how == "hang" else 0)
            self._hang_up()
        elif how == "error_taken":
            self._say(500, {"code": 20500})
        else:
            self._say(201, {"sid": text.sid, "status": "queued"})

    def do_GET(self) -> None:
        if not _TO_ONE_NUMBER.match(self.path):
            self._say(404, {"code": 20404})
            return
        query = parse_qs(urlsplit(self.path).query)
        gateway = self.server.gateway
        rows = gateway.to(query["To"][0])[::-1][: int(query["PageSize"][0])]
        self._say(200, {"messages": [self._row(row) for row in rows]})

    def _row(self, text: Taken) -> dict[str, str]:
        return {
            "sid": text.sid,
            "to": text.to,
            "body": "" if self.server.gateway.is_redacting else text.body,
            "status": "sent",
            "direction": "outbound-api",
            "date_created": format_datetime(text.at),
        }

    def _say(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *args: Any) -> None:
        """Nothing: numbers do not belong into a log, not even here."""


_REFUSALS: Final = {"busy": 429, "error": 500, "refuse": 400, "stranger": 401}
_CODES: Final = {"busy": 20429, "error": 20500, "stranger": 20003}
