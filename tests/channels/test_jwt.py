"""Signed tokens, checked with the public key as their reader would."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from crowdalogue.channels.jwt import signed
from crowdalogue.errors import Failure


def pem(key: Any) -> str:
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_with_rsa() -> None:
    key = rsa.generate_private_key(65537, 2048)
    head, body, proof = signed({"iss": "ada@example.com"}, pem(key), {"kid": "7"}).split(".")
    assert json.loads(decoded(head)) == {"alg": "RS256", "typ": "JWT", "kid": "7"}
    assert json.loads(decoded(body)) == {"iss": "ada@example.com"}
    key.public_key().verify(decoded(proof), f"{head}.{body}".encode(), padding.PKCS1v15(), hashes.SHA256())


def test_with_a_curve() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    for _ in range(20):  # numbers that begin with zeros keep their length
        head, body, proof = signed({"iss": "x"}, pem(key)).split(".")
        raw = decoded(proof)
        assert len(raw) == 64
        pair = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        key.public_key().verify(pair, f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize(
    "key", ["", "nonsense", pem(ed25519.Ed25519PrivateKey.generate()), pem(ec.generate_private_key(ec.SECP384R1()))]
)
def test_what_is_no_such_key(key: str) -> None:
    with pytest.raises(Failure, match="private key"):
        signed({}, key)
