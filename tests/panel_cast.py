"""The booking panel: what is read on it, and what the browser would send."""

import html
import re
from typing import Any

from booking_cast import Cast
from django.test import Client
from django.urls import reverse
from office_cast import text


def said(answer: Any) -> str:
    return html.unescape(text(answer))


def link(answer: Any, words: str) -> str:
    """Where a link leads, by the words on it."""
    for address, inside in re.findall(r'<a [^>]*href="([^"]+)"[^>]*>(.*?)</a>', answer.content.decode(), re.DOTALL):
        if re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", inside)).strip() == words:
            return html.unescape(address)
    raise AssertionError(f"no link {words!r}: {text(answer)}")


def options(answer: Any) -> list[str]:
    """A, B and C as they are read."""
    return [
        re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", label)).strip()
        for label in re.findall(r'<label class="opt">(.*?)</label>', answer.content.decode(), re.DOTALL)
    ]


def chosen(answer: Any, form: str = "bookform") -> str:
    """The time that Enter would book."""
    inside = answer.content.decode().partition(f'id="{form}"')[2]
    found = re.search(r" checked.*?class=\"t\">([^<]+)<", inside, re.DOTALL)
    return found[1] if found else ""


def panel(desk: Client, cast: Cast, **query: Any) -> Any:
    return desk.get(reverse("appointments:book"), {"patient": cast.leila.pk, **query})


def fields(answer: Any) -> dict[str, str]:
    """What the browser would send: hidden fields, and the time that is chosen already."""
    form = answer.content.decode().partition('id="bookform"')[2].partition("</form>")[0]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    chosen = re.search(r'name="offer" value="([^"]+)" checked', form)
    return hidden | ({"offer": chosen.group(1)} if chosen else {})
