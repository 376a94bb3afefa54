"""What is tapped about the treatments of a visit: read from the page, kept in the draft, written down at signing."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.http import QueryDict

from patients.rules.rulebook import rulebook as patients_rulebook
from programs.actions.treatments import Given
from programs.models import PlannedSession, TreatmentGiven
from programs.rules import doses, products
from programs.rules.rulebook import rulebook

MOST_PLACES: Final = 12
LONGEST_LOT: Final = 60
LONGEST_WHY: Final = 200
LONGEST_TYPED: Final = 20  # of a number or a date
EXPIRES: Final = "expires_on"
# By modality: technique, regions, dose, mistyped, lot, expires_on, guidance, reaction, agreed, read; and if it was left
# out skipped, why and why_words.
Treat = dict[str, dict[str, Any]]


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
    dose, mistyped = _dose(sent, modality)
    expires, guidance = sent.get(start + EXPIRES, "").strip()[:LONGEST_TYPED], sent.get(start + "guidance", "")
    why = sent.get(start + "why", "")
    found = {
        "technique": technique if technique in rulebook().modalities[modality].techniques else "",
        "regions": places[:MOST_PLACES],
        "dose": dose,
        "mistyped": mistyped,
        "lot": sent.get(start + "lot", "").strip()[:LONGEST_LOT],
        EXPIRES: expires,
        "guidance": guidance if guidance in products.Guidance.values else "",
        "reaction": reaction if reaction in doses.RoomReaction.values else "",
        "skipped": sent.get(start + "skipped") == "1",
        "why": why if why in products.LeftOut.values else "",
        "why_words": sent.get(start + "why_words", "").strip()[:LONGEST_WHY],
        "agreed": [it for it in sent.get(start + "agreed", "").split() if doses.is_a_place(it, regions)][:MOST_PLACES],
    }
    return {name: value for name, value in found.items() if value}


def _dose(sent: QueryDict, modality: str) -> tuple[dict[str, float], dict[str, str]]:
    """The numbers, and as it was typed whatever is none: it stays on the page until it is corrected."""
    found: dict[str, float] = {}
    mistyped: dict[str, str] = {}
    for it in doses.DOSES.get(modality, ()):
        typed = sent.get(f"t_{modality}_dose_{it.code}", "").strip()[:LONGEST_TYPED]
        if not typed:
            continue
        try:
            value = round(float(typed.replace(",", ".")), it.places)
        except (ValueError, OverflowError):
            value = -1
        if 0 <= value <= it.most:
            found[it.code] = int(value) if value == int(value) else value
        else:
            mistyped[it.code] = typed
    return found, mistyped


def expires_on(one: Mapping[str, Any]) -> date | None:
    """The day printed on the product; None if nothing was typed, or no day."""
    try:
        return date.fromisoformat(one.get(EXPIRES, ""))
    except ValueError:
        return None


def mistyped(one: Mapping[str, Any]) -> dict[str, str]:
    """What was typed and is neither a number nor a date, by its field."""
    expires = one.get(EXPIRES, "")
    return dict(one.get("mistyped", {})) | ({EXPIRES: expires} if expires and expires_on(one) is None else {})


def why_left_out(one: Mapping[str, Any]) -> str:
    """In words, as they are kept with the treatment."""
    code, more = one.get("why", ""), one.get("why_words", "")
    said = "" if code in {"", products.LeftOut.OTHER} else str(products.LeftOut(code).label)
    return ". ".join(filter(None, [said, more]))


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
    return {name: value for name, value in one.items() if name not in {"skipped", "why", "why_words"}}


def _placed(one: dict[str, Any], modality: str, _technique: str, sent: QueryDict, *_rest: Any) -> dict[str, Any]:
    parts = [sent.get(f"t_{modality}_add_{name}", "") for name in ("region", "side", "level")]
    place = ":".join(part for part in parts if part)
    if not doses.is_a_place(place, patients_rulebook().body_regions):
        return one
    return one | {"regions": list(dict.fromkeys([*one.get("regions", ()), place]))[:MOST_PLACES]}


def _same(
    one: dict[str, Any], modality: str, _technique: str, _sent: QueryDict, last: Mapping[str, TreatmentGiven]
) -> dict[str, Any]:
    # One tap that somebody made, and never the product or the reaction: those belong to the day.
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
            expires_on=expires_on(it),
            guidance=it.get("guidance", ""),
            reaction=it.get("reaction", ""),
            note=why_left_out(it) if it.get("skipped") else "",
            mistyped=mistyped(it),
            agreed=frozenset(it.get("agreed", ())),
            was_skipped=bool(it.get("skipped")),
            read=frozenset(it.get("read", ())),
            session=session if session and session.modality == code else None,
        )
        for code, it in treat.items()
        if it.get("technique") or it.get("skipped")
    ]
