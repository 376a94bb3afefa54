"""The public holidays of a country or one of its regions, and which country a time zone lies in.

Source: the `holidays` package, which follows the laws of each country; the countries of time zones: tzdata.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

import holidays

LANGUAGE = "en_US"


@dataclass(frozen=True, slots=True)
class Holiday:
    on: date
    name: str


def between(country: str, region: str, first: date, last: date) -> list[Holiday]:
    """The holidays from `first` to `last`, soonest first. None for a country or region that is not known."""
    if country not in countries() or (region and region not in regions(country)):
        return []
    years = range(first.year, last.year + 1)
    known = holidays.country_holidays(country, subdiv=region or None, years=years, language=_language(country))
    return [Holiday(on, name[:120]) for on, name in sorted(known.items()) if first <= on <= last]


def regions(country: str) -> Mapping[str, str]:
    """The regions that have holidays of their own: code and name."""
    if country not in countries():
        return {}
    aliases = holidays.country_holidays(country).get_subdivision_aliases()
    return {code: (names[0] if names else code) for code, names in aliases.items()}


@cache
def countries() -> Mapping[str, str]:
    """The countries whose holidays are known: code and name."""
    known = holidays.list_supported_countries(include_aliases=False)
    return {code: name for code, name in _table("iso3166.tab", 0, 1).items() if code in known}


def country_of(zone: str) -> str:
    """The country that a time zone such as Europe/London lies in; empty for one that lies in none."""
    return _table("zone.tab", 2, 0).get(zone, "")


@cache
def _table(name: str, key: int, value: int) -> Mapping[str, str]:
    lines = (resources.files("tzdata") / "zoneinfo" / name).read_text().splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {row[key]: row[value] for row in rows}


def _language(country: str) -> str | None:
    return LANGUAGE if LANGUAGE in holidays.country_holidays(country).supported_languages else None
