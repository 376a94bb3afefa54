"""What a push service may carry and cannot read: sealed for one browser, and signed as ours.

Sources: RFC 8291 (the key), RFC 8188 (the frame), RFC 8292 (who we are, "VAPID").
"""

import base64
import json
import os
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_CURVE: Final = ec.SECP256R1()
_KEY: Final = 32  # bytes
_POINT: Final = 65  # of an uncompressed point
_SECRET: Final = 16
_RECORD: Final = 4096  # bytes; one record is all that push services take
_LAST: Final = b"\x02"
_SIGNED_FOR: Final = timedelta(hours=12)  # RFC 8292, 2: a day at most


def new_key() -> str:
    """A key of our own, as `PUSH_KEY` wants it."""
    return coded(ec.generate_private_key(_CURVE).private_numbers().private_value.to_bytes(_KEY, "big"))


def own_key(said: str) -> ec.EllipticCurvePrivateKey:
    """Raises `ValueError` for what is no key."""
    raw = decoded(said)
    if len(raw) != _KEY:
        raise ValueError
    return ec.derive_private_key(int.from_bytes(raw, "big"), _CURVE)


def public(key: ec.EllipticCurvePrivateKey) -> str:
    """What a browser has to know of us: only this key may then write to it."""
    return coded(_point(key.public_key()))


def is_browsers(public_key: str, auth_secret: str) -> bool:
    """Whether these can be the two halves that a browser gives: a point of the curve, and 16 bytes."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, decoded(public_key))
        return len(decoded(public_key)) == _POINT and len(decoded(auth_secret)) == _SECRET
    except ValueError:
        return False


def sealed(
    text: bytes,
    public_key: str,
    auth_secret: str,
    *,
    pad_to: int = 0,
    key: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes = b"",
) -> bytes:
    """`text` for one browser, filled up to `pad_to` bytes so that its length tells nothing.

    `key` and `salt` are new each time; given only to check this against the example of RFC 8291.
    """
    key, salt = key or ec.generate_private_key(_CURVE), salt or os.urandom(_SECRET)
    theirs, ours = decoded(public_key), _point(key.public_key())
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, theirs))
    secret = _derived(shared, decoded(auth_secret), b"WebPush: info\0" + theirs + ours, 32)
    inner_key = _derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\0", 12)
    filled = (text + _LAST).ljust(pad_to, b"\0")
    head = salt + _RECORD.to_bytes(4, "big") + bytes([len(ours)]) + ours
    return head + AESGCM(inner_key).encrypt(nonce, filled, None)


def signed(key: ec.EllipticCurvePrivateKey, *, service: str, contact: str, now: datetime) -> str:
    """The header by which the push service `service` ("https://host") knows us, and whom to write to."""
    head = {"typ": "JWT", "alg": "ES256"}
    claims = {"aud": service, "exp": int((now + _SIGNED_FOR).timestamp()), "sub": contact}
    said = ".".join(coded(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
    r, s = decode_dss_signature(key.sign(said.encode(), ec.ECDSA(hashes.SHA256())))
    return f"vapid t={said}.{coded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}, k={public(key)}"


def coded(raw: bytes) -> str:
    """base64url without padding, as browsers write keys."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(said: str) -> bytes:
    """Raises `ValueError`."""
    return base64.urlsafe_b64decode(said.encode("ascii") + b"=" * (-len(said) % 4))


def _derived(secret: bytes, salt: bytes, what: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=what).derive(secret)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
