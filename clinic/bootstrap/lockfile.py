"""uv.lock as pip understands it, for machines where uv is not to be had. Read at need: a second file would drift."""

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

_Package = dict[str, Any]


def requirements(lock: Path) -> list[str]:
    """Pinned, hashed lines for everything the application and its default groups need."""
    packages = {package["name"]: package for package in tomllib.loads(lock.read_text())["package"]}
    (project,) = (package for package in packages.values() if "virtual" in package["source"])
    groups = (project["dev-dependencies"][group] for group in ("embedded", "test"))
    wanted = [*project["dependencies"], *(need for group in groups for need in group)]
    markers = _closure(packages, wanted)
    return [_line(packages[name], markers[name]) for name in sorted(markers)]


def _closure(packages: dict[str, _Package], wanted: Iterable[_Package]) -> dict[str, set[str]]:
    """Every package that is reached, with the markers it was reached under ("" means always)."""
    markers: dict[str, set[str]] = {}
    seen: set[tuple[str, str]] = set()
    waiting = list(wanted)
    while waiting:
        need = waiting.pop()
        package = packages[need["name"]]
        markers.setdefault(need["name"], set()).add(need.get("marker", ""))
        for extra in ("", *need.get("extra", ())):
            if (need["name"], extra) not in seen:
                seen.add((need["name"], extra))
                waiting.extend(_needs(package, extra))
    return markers


def _needs(package: _Package, extra: str) -> Iterator[_Package]:
    yield from package.get("optional-dependencies", {}).get(extra, ()) if extra else package.get("dependencies", ())


def _line(package: _Package, markers: set[str]) -> str:
    condition = "" if "" in markers else " ; " + " or ".join(f"({marker})" for marker in sorted(markers))
    files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else ())]
    hashes = " ".join(f"--hash={file['hash']}" for file in files)
    return f"{package['name']}=={package['version']}{condition} {hashes}"
