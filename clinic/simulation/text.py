"""The rules as they are written in the knowledge files, read without any of the code that reads them for the clinic."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[2]
Entries = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Text:
    """Each part by its code, as the file has it."""

    modalities: dict[str, dict[str, Any]]
    groups: dict[str, list[str]]
    contraindications: Entries
    interactions: Entries
    signs: dict[str, dict[str, Any]]
    least_blocked: dict[str, list[str]]  # by urgency
    facts: dict[str, dict[str, Any]]
    consents: dict[str, dict[str, Any]]
    thresholds: dict[str, dict[str, float]]  # of each scale


@cache
def text() -> Text:
    treatments = _read("programs", "modalities")
    signs = _read("patients", "red_flags")
    return Text(
        modalities=_by_code(treatments["modality"]),
        groups={it["code"]: it["modalities"] for it in treatments["modality_group"]},
        contraindications=_read("programs", "contraindications")["contraindication"],
        interactions=_read("programs", "interactions")["interaction"],
        signs=_by_code(signs["red_flag"]),
        least_blocked=signs["triage"][0]["min_blocks"],
        facts=_by_code(_read("patients", "patient_facts")["fact"]),
        consents=_by_code(_read("patients", "consents")["consent"]),
        thresholds={it["code"]: it.get("thresholds", {}) for it in _read("patients", "outcome_measures")["measure"]},
    )


def _read(house: str, name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / house / "knowledge" / f"{name}.toml").read_text())


def _by_code(entries: Entries) -> dict[str, dict[str, Any]]:
    return {it["code"]: it for it in entries}
