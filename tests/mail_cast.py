"""A mail provider on loopback that speaks like Postmark, its calls to our door, and mail that comes back."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.test import Client

SECRET = "postmark:sesame"
ADDRESS = "leila@example.org"


class Provider:
    """Takes every mail, or answers the next ones as `answers` says: a status, with Postmark's code; 0 hangs up."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.answers: list[tuple[int, int]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.provider = self  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> "Provider":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        provider: Provider = self.server.provider  # type: ignore[attr-defined]
        mail = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, code = provider.answers.pop(0) if provider.answers else (200, 0)
        if not status:
            self.close_connection = True
            self.connection.close()
            return
        said: dict[str, Any] = {"ErrorCode": code, "Message": "Inactive" if code else "OK"}
        if code == 406:
            said["Message"] = (
                f"Found inactive addresses: {mail['To']}. Inactive recipients are ones that have generated"
            )
        if status == 200:
            provider.taken.append(mail)
            said |= {"MessageID": f"pm-{len(provider.taken)}", "To": mail["To"]}
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Nothing."""


def tells(kind: str, *, secret: str = SECRET, sid: str = "pm-1", **fields: Any) -> int:
    """The provider tells what became of a mail."""
    event = {"RecordType": kind, "MessageID": sid, "Email": ADDRESS, "Recipient": ADDRESS, "Metadata": {}}
    headers = {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"} if secret else {}
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/hooks/mail/", json.dumps(event | fields), content_type="application/json", headers=headers)
    return int(answer.status_code)


def came_back(
    mail_id: str, *, to: str = ADDRESS, action: str = "failed", status: str = "5.1.1", whole: bool = False
) -> bytes:
    """What a mail server of the other side writes to the bounce address."""
    head = f"From: clinic@example.org\nTo: {to}\nMessage-ID: {mail_id}\nSubject: Your visit"
    original = (
        f"Content-Type: message/rfc822\n\n{head}\n\nDear Leila"
        if whole
        else f"Content-Type: text/rfc822-headers\n\n{head}"
    )
    return f"""\
From: MAILER-DAEMON@mx.example.org
To: bounces@clinic.example.org
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: text/plain

I am sorry to say that it could not be delivered.

--part
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; {to}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 no such user

--part
{original}

--part--
""".encode()


def complained(mail_id: str, *, to: str = ADDRESS) -> bytes:
    """What a mailbox company writes when somebody presses "this is junk"."""
    return f"""\
From: feedback@mx.example.org
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="part"

--part
Content-Type: text/plain

This is an abuse report.

--part
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Mailbox/1.0
Version: 1

--part
Content-Type: message/rfc822

From: clinic@example.org
To: {to}
Message-ID: {mail_id}

Dear Leila
--part--
""".encode()
