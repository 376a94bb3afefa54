"""What makes the portal an app on a phone: the worker that keeps today for when there is no connection."""

from hashlib import sha256
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from people.web.guards import public

# What the kept pages need to look as they do. None of it is about anybody.
DRESS: Final = (
    "bootstrap/css/bootstrap.min.css",
    "clinic/css/tokens.css",
    "clinic/css/app.css",
    "clinic/css/product.css",
    "clinic/css/portal.css",
    "clinic/css/exercises.css",
    "clinic/js/theme.js",
    "clinic/js/staff.js",
    "clinic/js/portal.js",
    "clinic/js/timer.js",
    "clinic/mark.svg",
    "django_htmx/htmx-2.min.js",
)


@public
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What stands in for a page that the phone could not get: how to call, and nothing about anybody."""
    return render(request, "portal/offline.html")


@public
@require_safe
@cache_control(no_cache=True)  # a phone must hear of a new one at once
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker. It lies under /me/ and so sees nothing but the patient's own pages."""
    files = [reverse("portal:offline"), *(static(path) for path in DRESS)]
    context = {
        "files": files,
        # Other files, other worker: its store is made anew.
        "version": sha256("\n".join(files).encode()).hexdigest()[:12],
        "today": reverse("portal:today"),
        "exercises": reverse("portal:exercises"),
        "offline": reverse("portal:offline"),
    }
    return render(request, "portal/worker.js", context, content_type="text/javascript")
