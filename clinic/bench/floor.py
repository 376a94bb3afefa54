"""The least that Django does for twenty rows: what pages are measured against."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.test.utils import CaptureQueriesContext

FLOOR = "floor: a bare view, 1 SELECT of 20 rows"
ROWS = 20


def bare_view(rows: "QuerySet[Any]") -> Callable[[], JsonResponse]:
    """No middleware, no session, no rights, no template."""

    def answer(request: HttpRequest) -> JsonResponse:
        return JsonResponse({"rows": [{"id": str(row.pk), "shown": str(row.pk)[:8]} for row in rows.all()[:ROWS]]})

    return lambda: answer(HttpRequest())


def queries_of(deed: Callable[[], object]) -> int:
    """Of the second time: what a process learns once does not count."""
    deed()
    with CaptureQueriesContext(connection) as queries:
        deed()
    return len(queries)
