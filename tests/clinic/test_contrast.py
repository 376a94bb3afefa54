"""Every pair of colours that text or an edge needs, measured as WCAG 2.2 measures it (1.4.3, 1.4.11)."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[2] / "clinic/static/clinic/css/tokens.css"
BODY, TEXT, EDGE = 7.0, 4.5, 3.0
PAIRS = [
    *(
        (fg, bg, BODY)
        for fg, bg in [("ink", "surface"), ("ink", "canvas"), ("ink-2", "surface"), ("booked-fg", "booked-bg")]
    ),
    *(
        (fg, bg, TEXT)
        for fg, bg in [
            ("ink-2", "surface-2"),
            ("ink-3", "surface"),
            ("ink-3", "canvas"),
            ("ink-3", "surface-2"),
            ("link", "surface"),
            ("link", "canvas"),
            ("link", "brand-faint"),
            ("on-brand", "brand"),
            ("on-brand", "brand-hover"),
            ("brand", "brand-soft"),
            ("on-stop", "stop-solid"),
        ]
    ),
    *(
        (f"{s}-fg", f"{s}-bg", TEXT)
        for s in ["confirmed", "arrived", "inroom", "done", "noshow", "stop", "warn", "ok", "info"]
    ),
    *((f"phase-{n}-fg", f"phase-{n}-bg", TEXT) for n in (1, 2, 3)),
    *((f"{s}-edge", "surface", EDGE) for s in ["booked", "confirmed", "arrived", "done", "noshow"]),
    *((f"{s}-edge", f"{s}-bg", EDGE) for s in ["stop", "warn", "ok", "info"]),
    *((fg, bg, EDGE) for fg in ["line-strong", "focus"] for bg in ["surface", "canvas"]),
    *((fg, "surface", EDGE) for fg in ["inroom-bg", "chart-line", "chart-ref", "chart-accent", "heat-2", "heat-3"]),
]


def tokens(theme: str) -> dict[str, str]:
    block = re.search(rf"\[data-bs-theme={theme}\] \{{(.*?)\}}", TOKENS.read_text(), re.DOTALL)
    assert block
    return dict(re.findall(r"--([\w-]+): (#[0-9A-F]{6});", block[1]))


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ratio(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_pair_of_colours_can_be_told_apart(theme: str) -> None:
    colours = tokens(theme)

    too_close = {
        (fg, bg): ratio(colours[fg], colours[bg]) for fg, bg, least in PAIRS if ratio(colours[fg], colours[bg]) < least
    }

    assert too_close == {}
