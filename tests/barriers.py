"""What axe finds on a page: WCAG 2.2 AA and its best practices."""

import json
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Only what is wrong comes back: all that is right is megabytes, and took longer to read than to find.
OPTIONS = {"runOnly": RULES, "resultTypes": ["violations"]}


def violations(page: Page) -> list[dict[str, Any]]:
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(f"axe.run({json.dumps(OPTIONS)}).then(found => found.violations)")
    return found
