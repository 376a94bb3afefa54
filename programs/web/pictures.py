"""The drawing of each exercise."""

from functools import cache

from programs.rules.rulebook import rulebook
from programs.rules.sheet_words import sheet_words
from programs.web.figures import Drawing
from programs.web.poses import HEADS, STRAIGHT
from programs.web.poses_whole import WHOLE

DRAWINGS = {**HEADS, **WHOLE}
# An exercise that a newer rulebook no longer has, or not yet a drawing of, keeps its place on the page.
CALM = Drawing(STRAIGHT)


@cache
def svg_of(code: str, language: str = "") -> str:
    """The drawing of that exercise with its name, a calm figure where there is none. No text of a person goes in."""
    known = rulebook().exercises.get(code)
    return DRAWINGS.get(code, CALM).svg(title=sheet_words(language).name(known) if known else code)
