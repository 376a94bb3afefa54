"""The secrets of second factors lie sealed in the database: who steals a back-up of it cannot make anybody's codes."""

import base64
from collections.abc import Iterator
from typing import Any, Final

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.totp.internal.auth import generate_totp_secret
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from people.models import User

_SEALED: Final = "sealed:"  # what was kept before secrets were sealed is a bare base32 word, and has no colon


class SealedSecrets(DefaultMFAAdapter):
    def is_mfa_enabled(self, user: Any, types: Any = None) -> bool:
        """A patient's passkey is a way in of its own, never asked for on top of the code of another phone."""
        return not (isinstance(user, User) and user.is_patient) and super().is_mfa_enabled(user, types=types)

    def encrypt(self, text: str) -> str:
        return _SEALED + _seal().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret, also one sealed under a key of `SECRET_KEY_FALLBACKS` or kept before there were seals.

        A seal of none of our keys opens to a secret that nobody knows, so that every code is wrong: an empty one would
        make codes that anybody can work out.
        """
        if not encrypted_text.startswith(_SEALED):
            return encrypted_text
        try:
            return _seal().decrypt(encrypted_text.removeprefix(_SEALED).encode()).decode()
        except InvalidToken:
            return str(generate_totp_secret())


def _seal() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in _keys()])


def _keys() -> Iterator[bytes]:
    """The first seals, each opens."""
    for secret in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]:
        made = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"second factors").derive(secret.encode())
        yield base64.urlsafe_b64encode(made)
