"""How much anybody may send us in one go."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

MOST = 25 * 1024 * 1024  # bytes of one request: three files of a message, and the form around them


class NotTooMuch(FileUploadHandler):
    """Refuses a request by the length that it announces, before a byte of it is read or lies on our disk."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803  Django's name
        content_length: int,
        boundary: Any,
        encoding: Any = None,
    ) -> None:
        if content_length > MOST:
            raise RequestDataTooBig

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
