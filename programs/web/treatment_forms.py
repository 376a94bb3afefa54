"""What is tapped about the treatments of a visit: read from the page, kept in the draft, written down at signing."""

from collections.abc import Mapping
from typing import Any, Final

from django.http import QueryDict

from patients.rules.rulebook import rulebook as patients_rulebook
from programs.actions.treatments import Given
from programs.models import PlannedSession, TreatmentGiven
from programs.rules import doses
from programs.rules.rulebook import rulebook

MOST_PLACES: Final = 12
LONGEST_LOT: Final = 60
Treat = dict[str, dict[str, Any]]  # by modality: technique, regions, dose, lot, reaction, skipped, read


def read(sent: QueryDict, kept: Mapping[str, Any]) -> Treat:
    """The treatments on the page. What nobody could have tapped is dropped; numbers are checked when signing.

    Which cautions were read is never taken from the page but from what was kept of this draft.
    """
    known = rulebook().modalities
    return {code: _one(sent, code) | _cautions(kept, code) for code in sent.getlist("treatments") if code in known}


def _cautions(kept: Mapping[str, Any], modality: str) -> dict[str, Any]:
    seen = kept.get(modality, {}).get("read")
    return {"read": seen} if seen else {}


def _one(sent: QueryDict, modality: str) -> dict[str, Any]:
    start, regions = f"t_{modality}_", patients_rulebook().body_regions
    technique, reaction = sent.get(start + "technique", ""), sent.get(start + "reaction", "")
    places = list(dict.fromkeys(it for it in sent.getlist(start + "regions") if doses.is_a_place(it, regions)))
    found = {
        "technique": technique if technique in rulebook().modalities[modality].techniques else "",
        "regions": places[:MOST_PLACES],
        "dose": _dose(sent, modality),
        "lot": sent.get(start + "lot", "").strip()[:LONGEST_LOT],
        "reaction": reaction if reaction in doses.RoomReaction.values else "",
        "skipped": sent.get(start + "skipped") == "1",
    }
    return {name: value for name, value in found.items() if value}


def _dose(sent: QueryDict, modality: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for it in doses.DOSES.get(modality, ()):
        typed = sent.get(f"t_{modality}_dose_{it.code}", "").strip().replace(",", ".")
        try:
            value = round(float(typed), it.places)
        except ValueError:
            continue
        if 0 <= value <= it.most:
            found[it.code] = int(value) if value == int(value) else value
    return found


def after(treat: Treat, do: str, sent: QueryDict, last: Mapping[str, TreatmentGiven]) -> Treat:
    """What is left after a button of the treatments: `do` names it, such as `use:dry_needling:dn_superficial`."""
    verb, _colon, rest = do.partition(":")
    modality, _colon, technique = rest.partition(":")
    if verb == "add":
        chosen = sent.get("add_treatment", "")
        return treat | {chosen: treat.get(chosen, {})} if chosen in rulebook().modalities else treat
    if modality not in treat:
        return treat
    one = dict(treat[modality])
    if verb == "drop":
        return {code: it for code, it in treat.items() if code != modality}
    changed = {"use": _using, "skip": _skipping, "unskip": _unskipping, "place": _placed, "same": _same}.get(verb)
    return treat | {modality: changed(one, modality, technique, sent, last)} if changed else treat


def _using(one: dict[str, Any], modality: str, technique: str, *_rest: Any) -> dict[str, Any]:
    one.pop("skipped", None)
    return one | ({"technique": technique} if technique in rulebook().modalities[modality].techniques else {})


def _skipping(one: dict[str, Any], *_rest: Any) -> dict[str, Any]:
    return one | {"skipped": True}


def _unskipping(one: dict[str, Any], *_rest: Any) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name != "skipped"}


def _placed(one: dict[str, Any], modality: str, _technique: str, sent: QueryDict, *_rest: Any) -> dict[str, Any]:
    parts = [sent.get(f"t_{modality}_add_{name}", "") for name in ("region", "side", "level")]
    place = ":".join(part for part in parts if part)
    if not doses.is_a_place(place, patients_rulebook().body_regions):
        return one
    return one | {"regions": list(dict.fromkeys([*one.get("regions", ()), place]))[:MOST_PLACES]}


def _same(
    one: dict[str, Any], modality: str, _technique: str, _sent: QueryDict, last: Mapping[str, TreatmentGiven]
) -> dict[str, Any]:
    # One tap that somebody made, and never the lot or the reaction: those belong to the day.
    before = last.get(modality)
    if before is None:
        return one
    copied = {"technique": before.technique, "regions": list(before.regions), "dose": dict(before.dose)}
    return {name: value for name, value in one.items() if name != "skipped"} | copied


def given(treat: Treat, session: PlannedSession | None) -> list[Given]:
    """The treatments as they are written down when the note is signed. One of which nothing was tapped is none."""
    return [
        Given(
            modality=code,
            technique=it.get("technique", ""),
            regions=tuple(it.get("regions", ())),
            dose=it.get("dose", {}),
            lot=it.get("lot", ""),
            reaction=it.get("reaction", ""),
            was_skipped=bool(it.get("skipped")),
            read=frozenset(it.get("read", ())),
            session=session if session and session.modality == code else None,
        )
        for code, it in treat.items()
        if it.get("technique") or it.get("skipped")
    ]
