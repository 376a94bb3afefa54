"""The pages of the desk are measured, small."""

import io
import json

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.django_db(transaction=True)


def measured(*arguments: str) -> str:
    out = io.StringIO()
    call_command("bench", *arguments, stdout=out)
    return out.getvalue().strip()


def test_the_pages_of_the_desk_are_measured_small() -> None:
    found = json.loads(
        measured("board", "--visits", "500", "--grown", "0", "--patients", "60", "--rounds", "1", "--json")
    )

    assert len(found["rows"]) == 7
    assert found["figures"]["day_queries"] <= 10
    assert found["figures"]["most_peak_mb"] > 0
    assert "x floor" in found["last"]
    assert "growth" in found["last"]
