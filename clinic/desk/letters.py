"""The free times A, B and C of the booking panel, drawn into the columns of all that they would keep."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from clinic.appointments.actions import availability
from clinic.appointments.models import Resource
from clinic.appointments.rules.slots import Span
from clinic.desk.board import Board
from clinic.desk.columns import Letter
from programs.rules.rulebook import rulebook

LETTERS = "abc"


def drawn(board: Board, asked: Mapping[str, str]) -> Board:
    """The board with only the columns that matter for the service in `asked`, and the letters in them."""
    service = rulebook().services.get(asked.get("service", ""))
    if service is None:
        return board
    length = timedelta(minutes=service.minutes)
    wanted: dict[str, list[Letter]] = {}
    for letter in LETTERS:
        choice = availability.chosen(asked.get(letter, ""))
        during = Span.of(choice.starts_at, choice.starts_at + length) if choice else None
        if choice and during and during.overlaps(board.frame.span):
            clock = board.frame.clock(choice.starts_at)
            slot = Letter(letter.upper(), clock, *board.frame.place(during))
            for resource in choice.resources:
                wanted.setdefault(str(resource.pk), []).append(slot)
    could = service.professions.union(service.room_kinds, *service.devices)
    serving = _serving(could, [column.key for column in board.columns])
    kept = [
        replace(column, letters=wanted.get(column.key, []))
        for column in board.columns
        if column.key in serving or column.key in wanted
    ]
    return replace(board, columns=kept)


def _serving(codes: Iterable[str], keys: Iterable[str]) -> set[str]:
    found = Resource.objects.offering(list(codes)).filter(pk__in=list(keys))
    return {str(pk) for pk in found.values_list("pk", flat=True)}
