"""Files that patients send: told apart by what is in them, and stripped of what nobody meant to send.

A photograph says where it was taken; a picture can carry a program behind its last byte. So a picture is taken apart
and put together again from the pieces a picture needs. A PDF cannot be: it is only ever handed out as a download.
"""

import struct
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from people.rules.refusal import Refused

LARGEST = 8 * 1024 * 1024  # bytes of one file: a phone's photograph has 3 to 6 MB
MOST_OF_A_PATIENT = 200 * 1024 * 1024  # bytes of all files of one patient
_LONGEST_NAME = 80
_PNG = b"\x89PNG\r\n\x1a\n"
# What draws the picture. Text, times, colour profiles and private chunks are left behind (PNG, 5.6).
_PNG_PARTS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"gAMA", b"sRGB"})
_SOI, _EOI, _SOS, _APP0, _APP1, _APP14, _LAST_APP, _COMMENT = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xEE, 0xEF, 0xFE
_RESTARTS = range(0xD0, 0xD8)
_ORIENTATION = 0x0112  # of TIFF: which side is up
_SIDES = range(1, 9)


class NotAFileWeTake(Refused):
    """Neither a picture nor a PDF, damaged, or too large."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it may be stored."""

    kind: str  # the media type
    ending: str
    content: bytes


def cleaned(content: bytes) -> Kept:
    """The file as it is kept. Raises `NotAFileWeTake` with words for the patient."""
    if len(content) > LARGEST:
        raise NotAFileWeTake(_("That file is too large. One file may have 8 MB."))
    for start, (kind, ending, clean) in _KINDS.items():
        if content.startswith(start):
            try:
                return Kept(kind, ending, clean(content))
            except (ValueError, IndexError, struct.error, zlib.error) as problem:
                raise NotAFileWeTake(_("That file is damaged. Please save it again and send the new one.")) from problem
    raise NotAFileWeTake(_("We can only take pictures (JPEG, PNG) and PDF files."))


def shown_name(name: str) -> str:
    """What the patient called the file, fit to be shown: no folders, no letters that cannot be seen."""
    last = name.replace("\\", "/").rpartition("/")[2]
    # Also the marks that turn the direction of writing: "gpj.exe" must not read as a picture (Cf).
    seen = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C")
    return seen.strip()[-_LONGEST_NAME:]


def _png(content: bytes) -> bytes:
    parts, at, name = [_PNG], len(_PNG), b""
    while name != b"IEND":
        (length,) = struct.unpack(">I", content[at : at + 4])
        end = at + 12 + length
        name, body = content[at + 4 : at + 8], content[at + 8 : end - 4]
        if len(body) != length or struct.unpack(">I", content[end - 4 : end])[0] != zlib.crc32(name + body):
            raise ValueError
        if (at == len(_PNG)) != (name == b"IHDR"):
            raise ValueError
        if name in _PNG_PARTS:
            parts.append(content[at:end])
        at = end
    return b"".join(parts)


def _jpeg(content: bytes) -> bytes:
    kept = [content[:2]]
    for marker, piece in _segments(content):
        if marker == _APP1 and (side := _side_up(piece)):
            kept.append(_only_the_side(side))
        if not (_APP0 < marker <= _LAST_APP and marker != _APP14) and marker != _COMMENT:
            kept.append(piece)
    return b"".join(kept)


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Each marker with its bytes; what follows the end of the picture is never reached."""
    at, has_picture = 2, False
    while True:
        if content[at] != 0xFF:
            raise ValueError
        marker = content[at + 1]
        if marker == _EOI:
            if not has_picture:
                raise ValueError
            yield marker, content[at : at + 2]
            return
        (length,) = struct.unpack(">H", content[at + 2 : at + 4])
        end = at + 2 + length
        if length < 2 or end > len(content):
            raise ValueError
        if marker == _SOS:
            end, has_picture = _end_of_scan(content, end), True
        yield marker, content[at:end]
        at = end


def _end_of_scan(content: bytes, at: int) -> int:
    """Where the next marker stands. Inside a scan, 0xFF is followed by 0 or by a restart (T.81, B.1.1.2)."""
    while True:
        at = content.index(b"\xff", at)
        if content[at + 1] and content[at + 1] not in _RESTARTS:
            return at
        at += 2


def _side_up(piece: bytes) -> int:
    """Of an Exif piece, which side is up; 0 where it does not say. Phones turn the note, not the picture."""
    tiff = piece[10:]
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(tiff[:4])
    if piece[4:10] != b"Exif\x00\x00" or order is None:
        return 0
    try:
        (start,) = struct.unpack(f"{order}I", tiff[4:8])
        (count,) = struct.unpack(f"{order}H", tiff[start : start + 2])
        for nth in range(min(count, 64)):
            entry = tiff[start + 2 + 12 * nth :][:12]
            tag, _kind, _n, value = struct.unpack(f"{order}HHIH", entry[:10])
            if tag == _ORIENTATION and value in _SIDES:
                return int(value)
    except struct.error:
        pass
    return 0


def _only_the_side(side: int) -> bytes:
    """An Exif piece that says which side is up, and nothing else."""
    tiff = b"MM\x00*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, side, 0, 0)
    body = b"Exif\x00\x00" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _pdf(content: bytes) -> bytes:
    end = content.rfind(b"%%EOF")
    if end < 0:
        raise ValueError
    # Nothing may hide behind the end: a zip file is read from its tail.
    return content[: end + 5] + b"\n"


_KINDS: dict[bytes, tuple[str, str, Callable[[bytes], bytes]]] = {
    _PNG: ("image/png", "png", _png),
    b"\xff\xd8\xff": ("image/jpeg", "jpg", _jpeg),
    b"%PDF-": ("application/pdf", "pdf", _pdf),
}
