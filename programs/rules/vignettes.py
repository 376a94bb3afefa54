"""Stories with the answer a clinician expects, put to the engines. A clinic's own reviewers write them too."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from patients.rules import change, scoring
from patients.rules.rulebook import Rulebook
from patients.rules.triage import triage
from programs.rules.rulebook import ProgramRulebook

Story = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Books:
    patients: Rulebook
    programs: ProgramRulebook


class UnknownVignettes(ValueError):
    """The file has no stories in a shape we know."""


def told(document: Mapping[str, Any], books: Books) -> Iterator[tuple[str, str]]:
    """Each story of a file by its id with what came out wrong; empty words if it came out as expected.

    Raises `UnknownVignettes`. A story that the engines cannot even read is wrong, not skipped.
    """
    stories = document.get("vignettes") or document.get("vectors")
    if not stories:
        raise UnknownVignettes("there is neither a list of vignettes nor one of vectors")
    for story in stories:
        kind = next((kind for tell_tale, kind in _KINDS.items() if tell_tale in story), None)
        if kind is None:
            raise UnknownVignettes(f"story {story.get('id')!r} is of no kind we know")
        try:
            yield str(story["id"]), "; ".join(kind(story, books))
        except (KeyError, TypeError, ValueError) as problem:
            yield str(story.get("id")), f"cannot be read: {problem!r}"
    for flag, urgency in document.get("single_flag_expected_urgency", {}).items():
        found = triage({flag: True}, rulebook=books.patients).urgency
        yield flag, _differs("urgency", found, urgency)


def _contraindications(story: Story, books: Books) -> Iterator[str]:
    found = books.programs.judge(story["modality"], story["facts"], technique=story.get("technique"))
    yield from _said(_differs("decision", found.decision, story["expected_decision"]))
    if story.get("expected_status") is not None:
        yield from _said(_differs("status", found.status, story["expected_status"]))
    fired = {it.rule.code for it in found.findings}
    if missing := set(story["expected_rules"]) - fired:
        yield f"did not fire: {', '.join(sorted(missing))}"
    if "expected_defer_days" in story:
        yield from _said(_differs("days to wait", found.defer_days, story["expected_defer_days"]))


def _timing(story: Story, books: Books) -> Iterator[str]:
    book = books.programs
    found = book.distance(
        book.happening(story["first"], story.get("first_technique")),
        book.happening(story["then"], story.get("then_technique")),
        gap_days=story["gap_days"],
        same_region=story["same_region"],
    )
    yield from _said(_differs("strength", found.strength, story["expected"]))
    broken = {rule.code for rule in found.broken}
    yield from _said(_differs("rules", sorted(broken), sorted(story["expected_rules"])))


def _triage(story: Story, books: Books) -> Iterator[str]:
    found = triage(dict.fromkeys(story["answers_yes"], True), numbers=story.get("numbers", {}), rulebook=books.patients)
    yield from _said(_differs("urgency", found.urgency, story["expected_urgency"]))
    fired = {it.code for it in found.combinations}
    if missing := set(story["expected_combinations"]) - fired:
        yield f"did not fire: {', '.join(sorted(missing))}"
    blocks = {"all"} if "all" in found.blocks else set(found.blocks)
    yield from _said(_differs("blocked", sorted(blocks), sorted(story["expected_blocked"])))


def _measure(story: Story, books: Books) -> Iterator[str]:
    try:
        found = _scored(story, books)
    except scoring.CannotBeScored as refusal:
        found = {"error": refusal.code}
    for name, expected in story["expected"].items():
        yield from _said(_differs(name, found.get(name), expected))


def _scored(story: Story, books: Books) -> dict[str, Any]:
    measure, given = books.patients.measures[story["measure"]], story["input"]
    before = next((value for name, value in given.items() if name.startswith("baseline")), None)
    after = next((value for name, value in given.items() if name.startswith("follow_up")), None)
    if isinstance(before, Mapping):
        moved = change.change_of_activities(measure, before, after or {})
        return {"change": moved.by, "meaning": moved.meaning, "paired": moved.paired}
    if before is not None and after is not None and "responder_percent" in measure.thresholds:
        fewer = change.reduction(measure, before, after)
        return {"reduction_percent": fewer and fewer.percent, "responder": fewer and fewer.is_response}
    if before is not None and after is not None:
        moved = change.change(measure, before, after)
        return {"change": moved.by, "meaning": moved.meaning}
    found = scoring.score(measure, given)
    pain = books.patients.measures["nprs"]
    return {
        **found.values,
        "band": found.band,
        "warning": found.warning,
        "scorable": found.is_scorable,
        "disturbance_band": scoring.band_of(pain, found.values.get("disturbance")),
    }


def _differs(what: str, found: object, expected: object) -> str:
    return "" if found == expected else f"{what} is {found!r}, expected {expected!r}"


def _said(words: str) -> Iterator[str]:
    if words:
        yield words


# The key by which a story of each kind is told from the others.
_KINDS: Final[Mapping[str, Callable[[Story, Books], Iterator[str]]]] = {
    "expected_decision": _contraindications,
    "gap_days": _timing,
    "answers_yes": _triage,
    "measure": _measure,
}
