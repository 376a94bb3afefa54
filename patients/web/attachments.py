"""Handing out a file that somebody sent: as a download, so that nothing in it runs here."""

from django.http import HttpResponse

from patients.models import Attachment


def as_download(kept: Attachment) -> HttpResponse:
    """Under our own name and type, in a sandbox, never sniffed and never stored."""
    answer = HttpResponse(bytes(kept.content), content_type=kept.kind)
    answer["Content-Disposition"] = f'attachment; filename="{kept.file_name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    answer["Cache-Control"] = "no-store, private"
    return answer
