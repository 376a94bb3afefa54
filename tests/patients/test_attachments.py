"""Files from patients: known by what is in them, and stripped of what nobody meant to send."""

import struct
from collections.abc import Callable

import pytest
from files_cast import EXIF_WITH_PLACE, a_jpeg, a_png, chunk, segment

from patients.rules.attachments import LARGEST, NotAFileWeTake, cleaned, shown_name


def test_a_picture_loses_where_it_was_taken_and_keeps_which_side_is_up() -> None:
    kept = cleaned(a_jpeg(segment(0xE1, EXIF_WITH_PLACE), segment(0xFE, b"by Leila")))

    assert (kept.kind, kept.ending) == ("image/jpeg", "jpg")
    assert b"GPS" not in kept.content
    assert b"Leila" not in kept.content
    assert struct.pack(">HHIH", 0x0112, 3, 1, 6) in kept.content
    assert cleaned(kept.content) == kept


def test_words_in_a_png_are_left_behind() -> None:
    kept = cleaned(a_png(chunk(b"tEXt", b"Author\x00Leila"), chunk(b"eXIf", b"GPS")))

    assert kept.kind == "image/png"
    assert kept.content == a_png()


@pytest.mark.parametrize("make", [a_png, a_jpeg], ids=["png", "jpeg"])
def test_a_program_behind_a_picture_is_cut_off(make: Callable[[], bytes]) -> None:
    picture = make()

    assert cleaned(picture + b"PK\x03\x04 a zip file <script>alert(1)</script>").content == picture


def test_what_follows_the_end_of_a_pdf_is_cut_off() -> None:
    kept = cleaned(b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\nPK\x03\x04")

    assert (kept.kind, kept.content.endswith(b"%%EOF\n")) == ("application/pdf", True)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg onload=alert(1)>",
        b"<html>",
        b"MZ\x90",
        b"GIF89a",
        b"PK\x03\x04",
        b"%PDF-1.7 without an end",
        a_png()[:-6],
        a_png().replace(b"IDAT", b"IDAX"),
        a_jpeg()[:-2],
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xe0\x00\x00",
        b"x" * (LARGEST + 1),
    ],
)
def test_nothing_else_is_taken(content: bytes) -> None:
    with pytest.raises(NotAFileWeTake):
        cleaned(content)


def test_a_name_is_shown_without_folders_and_without_tricks() -> None:
    assert shown_name("../../etc/passwd") == "passwd"
    assert shown_name("C:\\Users\\Leila\\neck.jpg") == "neck.jpg"
    assert shown_name("neck\u202egpj.exe\x00") == "neckgpj.exe"
    assert len(shown_name("n" * 500)) == 80
