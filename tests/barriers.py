"""What axe finds on a page: WCAG 2.2 AA and its best practices."""

import json
from collections.abc import Sequence
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Only what is wrong comes back: all that is right is megabytes, and took longer to read than to find.
VIOLATIONS = {"resultTypes": ["violations"]}
CONTRAST = ["color-contrast"]  # all that another colour scheme can change


def violations(page: Page, *, rules: Sequence[str] = ()) -> list[dict[str, Any]]:
    """`rules` by name; without any, all of WCAG 2.2 AA."""
    only = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": RULES}
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    options = json.dumps({**VIOLATIONS, "runOnly": only})
    found: list[dict[str, Any]] = page.evaluate(f"axe.run({options}).then(found => found.violations)")
    return found
