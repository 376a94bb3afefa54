"""The local mailbox: what patients would get, for somebody who tries the product on their own computer."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from clinic.reminders.channels import mailbox
from people.web.guards import public

_NAME = re.compile(r"[0-9]{20}-[0-9a-f]{8}")
_SHOWN = 100

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


@dataclass(frozen=True, slots=True)
class Letter:
    name: str
    at: datetime
    to: str
    sender: str
    subject: str
    text: str

    @classmethod
    def read(cls, path: Path) -> "Letter":
        mail = message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=policy.default)
        body = mail.get_body(("plain", "html"))
        at = datetime.fromtimestamp(int(path.stem.partition("-")[0]) / 1e9, tz=UTC)
        text = str(body.get_content()) if body else ""
        return cls(path.stem, at, str(mail["To"]), str(mail["From"]), str(mail["Subject"]), text)


def only_here(view: View[P]) -> View[P]:
    """Sign-in codes lie in the mailbox: it exists only without a mail server, and only for this computer."""

    @wraps(view)
    def enter(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        came_from = request.META.get("REMOTE_ADDR", "")
        # A proxy in front means that others are behind it.
        is_local = came_from in ("127.0.0.1", "::1") and "HTTP_X_FORWARDED_FOR" not in request.META
        if not (settings.HAS_LOCAL_MAILBOX and is_local):
            raise Http404
        return view(request, *args, **kwargs)

    return enter


@public
@only_here
def letters(request: HttpRequest) -> HttpResponse:
    newest = sorted(mailbox.folder().glob(f"[0-9]*{mailbox.SUFFIX}"), reverse=True)
    shown = [Letter.read(path) for path in newest[:_SHOWN]]
    return render(request, "mailbox/mailbox.html", {"letters": shown, "count": len(newest)})


@public
@only_here
def letter(request: HttpRequest, letter: str) -> HttpResponse:
    path = mailbox.folder() / f"{letter}{mailbox.SUFFIX}"
    if not _NAME.fullmatch(letter) or not path.is_file():
        raise Http404
    return render(request, "mailbox/mailbox_letter.html", {"letter": Letter.read(path)})
