"""Signs roots with a key of the platform's secret: whoever may write every table, but has no secret, makes none."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.loyalty.points.domain.roots import Root, statement


class Signer:
    """Ed25519, so that the public half may be given to auditors."""

    def __init__(self, secret: str) -> None:
        """`secret`: the platform's."""
        seed = HKDF(hashes.SHA256(), 32, salt=None, info=b"mandegar ledger roots").derive(secret.strip().encode())
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    def signed(self, root: Root) -> Root:
        """The root with its signature."""
        return root._replace(signature=self._key.sign(statement(root)))

    def is_ours(self, root: Root) -> bool:
        """Whether the signature is that of the root."""
        try:
            self._key.public_key().verify(root.signature or b"", statement(root))
        except InvalidSignature:
            return False
        return True

    def public_key(self) -> bytes:
        """32 bytes, as RFC 8032 has them."""
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
