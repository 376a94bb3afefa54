"""In which language a page is written."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from people.models import User

Answer = Callable[[HttpRequest], HttpResponse]


class StaffReadEnglish:
    """Patients' pages are translated and the clinic's own are not: half a page in each would be worse than one."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User) and user.is_staff_member:
            with translation.override(settings.LANGUAGE_CODE):
                return self.answer(request)
        return self.answer(request)
