"""Every exercise has a drawing of its own, plain enough for the dark, for paper and for a strict policy."""

from xml.etree import ElementTree as ET

from programs.rules.rulebook import rulebook
from programs.web.pictures import CALM, DRAWINGS, svg_of


def test_every_exercise_has_a_drawing_that_no_other_has() -> None:
    drawn = {code: svg_of(code).split("</title>")[1] for code in rulebook().exercises}

    assert DRAWINGS.keys() == rulebook().exercises.keys()
    assert len(set(drawn.values())) == len(drawn) == 35


def test_a_drawing_says_its_name_and_shows_a_movement() -> None:
    for code, known in rulebook().exercises.items():
        root = ET.fromstring(svg_of(code))
        title = root.find("{http://www.w3.org/2000/svg}title")

        assert title is not None
        assert title.text == known.name
        assert root.get("role") == "img"
        assert 'class="x-arrow"' in svg_of(code), code


def test_a_drawing_takes_its_colours_from_the_page() -> None:
    everything = "".join(svg_of(code) for code in rulebook().exercises)

    assert "style" not in everything
    assert "#" not in everything
    assert 'stroke="currentColor"' in everything


def test_an_exercise_without_a_drawing_of_its_own_shows_a_calm_figure() -> None:
    assert svg_of("ex_unheard_of") == CALM.svg(title="ex_unheard_of")
