"""Template tags that every page may use."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from people.rules.devices import device_name

register = template.Library()
register.filter("device_name", device_name)


@register.filter
def said(text: str) -> str:
    """What our knowledge says, in the language of the page. `translate` would not find a text with "%" in it."""
    return gettext(text)


@register.simple_tag
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """A drawing from partials/icons.html. With a `label` it is read out; without one it is decoration."""
    if label:
        return format_html(
            '<svg class="icon {}" role="img" aria-label="{}"><use href="#i-{}"/></svg>', css, label, name
        )
    return format_html('<svg class="icon {}" aria-hidden="true"><use href="#i-{}"/></svg>', css, name)
