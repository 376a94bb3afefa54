"""What the tests of set-up and desk pages have in common: signing in, and what a page says."""

import html
import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

from people.models import User


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def said(answer: HttpResponse) -> str:
    """What a page says, without the markup."""
    text = re.sub(r"<[^>]+>", " ", answer.content.decode().split('id="main"')[1].split("</main>")[0])
    return " ".join(html.unescape(text).split())


def text(answer: Any) -> str:
    """What somebody reads on the page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))
