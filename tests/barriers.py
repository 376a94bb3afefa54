"""What axe finds on a page: WCAG 2.2 AA and its best practices."""

import json
from collections.abc import Sequence
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Only what is wrong comes back: all that is right is megabytes, and took longer to read than to find. Style sheets
# need not be fetched again ("preload"): no rule of these levels reads them.
VIOLATIONS = {"resultTypes": ["violations"], "preload": False}
# All that another colour scheme can change, what no width does, and two thirds of the time that axe takes.
CONTRAST = "color-contrast"
# A list whose first entries are right is right: they come from one template, and axe takes its time for each.
REPEATED = {"exclude": [["tbody > tr:nth-child(n+11)"], ["li:nth-child(n+13)"]]}
SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"


def violations(page: Page, *, rules: Sequence[str] = (), besides: str = "") -> list[dict[str, Any]]:
    """`rules` by name; without any, all of WCAG 2.2 AA `besides` one."""
    only = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": RULES}
    left_out = {besides: {"enabled": False}} if besides else {}
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    options = json.dumps({**VIOLATIONS, "runOnly": only, "rules": left_out})
    run = f"axe.run({json.dumps(REPEATED)}, {options}).then(found => found.violations)"
    found: list[dict[str, Any]] = page.evaluate(run)
    return found


def problems(page: Page, *, rules: Sequence[str] = (), besides: str = "") -> list[str]:
    """What shuts somebody out of the page as it is now, in words; and whether it scrolls sideways."""
    found = violations(page, rules=rules, besides=besides)
    wrong = [f"{it['id']}: {node['html'][:160]}" for it in found for node in it["nodes"][:3]]
    return [*wrong, "scrolls sideways"] if page.evaluate(SIDEWAYS) else wrong


def problems_at(page: Page, *widths: int) -> list[str]:
    """What shuts somebody out of the page at each width, in light and in dark. It stays as wide as the last.

    One visit to the page for all of it: to come, to sign in and to load it again takes longer than to look.
    """
    wrong = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        is_first = width == widths[0]
        if is_first:
            in_scheme(page, "dark")
            wrong += [f"{width} px, dark: {it}" for it in problems(page, rules=[CONTRAST])]
            in_scheme(page, "light")
        wrong += [f"{width} px, light: {it}" for it in problems(page, besides="" if is_first else CONTRAST)]
    return wrong


def in_scheme(page: Page, scheme: str) -> None:
    # Without motion, or a button would be measured halfway from one colour to the other.
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    page.wait_for_function("wanted => document.documentElement?.dataset.bsTheme === wanted", arg=scheme)
