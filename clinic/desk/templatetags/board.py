"""The pieces of a board that are printed hundreds of times a page.

A card has twelve things to print. As template nodes 320 cards took 45 ms of a page's 100; written here they take 4.
"""

from html import escape

from django import template
from django.template.context import RequestContext
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clinic.desk.columns import Card

register = template.Library()

ICON = '<svg class="icon" role="img" aria-label="{}"><use href="#i-{}"/></svg>'
LINES = 2  # quarters of an hour, from which on a card says what the visit is
CARD = (
    '<a class="appt st-{css} r{row} d{length}{lane}" id="v-{key}-{pk}" href="{url}"{drag}><span class="who">{icon}'
    '<span class="nm"><bdi>{name}</bdi></span><span class="visually-hidden">{clock}</span>{flags}</span>{lines}</a>'
)


@register.simple_tag
def card(it: Card, key: str) -> SafeString:
    """A visit or a class in the column `key`: name first, then what, then how it stands, as far as there is room."""
    written = CARD.format(
        css=it.css,
        row=it.row,
        length=it.length,
        lane=f" o{it.lane}of{it.lanes}" if it.lanes > 1 else "",
        key=escape(key),
        pk=it.pk,
        url=escape(it.url),
        drag=f' data-visit="{it.pk}" data-rows="{it.length}"' if it.may_move else "",
        icon=ICON.format(escape(it.status), it.icon),
        name=escape(it.name),
        clock=it.clock,
        flags=_flags(it),
        lines=_lines(it),
    )
    return SafeString(written)  # whatever people wrote was escaped above, each word of it


def _flags(it: Card) -> str:
    """Beside the name there is room for a sign only; a word stands there where the card has no second line."""
    found = ICON.format(escape(it.check), "stop") if it.check else ""
    found += _marks(it) if it.length < LINES else ""
    return f'<span class="fl">{found}</span>' if found else ""


def _marks(it: Card) -> str:
    return "".join(f'<span class="tag">{escape(mark)}</span>' for mark in it.marks)


def _lines(it: Card) -> str:
    """A quarter of an hour has room for the name, half an hour for what it is, more for how it stands."""
    if it.length < LINES:
        return ""
    what = f'<span class="what">{escape(it.what)}</span>'
    if it.marks:
        what = f'<span class="marked">{what}<span class="fl">{_marks(it)}</span></span>'
    return what + (f'<span class="state">{escape(it.state)}</span>' if it.length > LINES else "")


@register.simple_tag(takes_context=True)
def hidden_fields(context: RequestContext) -> SafeString:
    """What every form of a list sends besides its own: the token, and where to come back to. Made once a page."""
    return format_html(
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}"><input type="hidden" name="next" value="{}">',
        context.get("csrf_token", ""),
        context.request.get_full_path(),
    )
