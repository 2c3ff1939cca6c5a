"""Signed tokens (JSON Web Tokens, RS256 and ES256), by which a program proves itself with a key of its own."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from crowdalogue.errors import Failure

__all__ = ["signed"]


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signed(claims: Mapping[str, Any], key: str, header: Mapping[str, Any] | None = None) -> str:
    """A token of these claims, signed with a private key in PEM: RS256 for RSA, ES256 for the curve P-256.

    Raises `Failure` where the key is none.
    """
    try:
        private = load_pem_private_key(key.strip().encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Failure(
            "The private key cannot be read. Paste the whole file, from -----BEGIN PRIVATE KEY----- to the end."
        ) from None
    if isinstance(private, rsa.RSAPrivateKey):
        name = "RS256"
    elif isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.key_size == 256:
        name = "ES256"
    else:
        raise Failure("The private key is of a kind that is not used for this. Make a new key at the provider.")
    head = json.dumps({"alg": name, "typ": "JWT", **(header or {})}, separators=(",", ":")).encode()
    body = json.dumps(claims, separators=(",", ":")).encode()
    said = f"{encoded(head)}.{encoded(body)}"
    if isinstance(private, rsa.RSAPrivateKey):
        proof = private.sign(said.encode(), padding.PKCS1v15(), hashes.SHA256())
    else:
        r, s = utils.decode_dss_signature(private.sign(said.encode(), ec.ECDSA(hashes.SHA256())))
        proof = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return f"{said}.{encoded(proof)}"
