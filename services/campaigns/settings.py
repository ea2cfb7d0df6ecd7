"""Settings of campaigns."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from shared.settings import PlatformSettings


class CampaignsSettings(PlatformSettings):
    """By which server e-mail goes out, and where links in it lead."""

    smtp_host: str = Field("", description="Server that e-mail is handed to. Empty: none is sent, and messages wait.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port.")
    smtp_user: str = Field("", description="User at that server; empty: none is needed.")
    smtp_password: SecretStr = Field(SecretStr(""), description="The user's password.")
    smtp_tls: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="`none` only for a server on this machine, or in the same network."
    )
    mail_from: str = Field(
        "",
        description="Sender of e-mail: `Shop <shop@example.com>`; needed with MANDEGAR_SMTP_HOST.",
        validate_default=True,
    )
    public_url: str = Field(
        "",
        description="Where customers reach this API, such as `https://messages.example.com`: links to unsubscribe "
        "lead there. Needed with MANDEGAR_SMTP_HOST.",
        validate_default=True,
    )
    send_batch: int = Field(20, ge=1, le=500, description="Messages that are claimed together.")
    send_connections: int = Field(4, ge=1, le=50, description="Connections to the server for e-mail, at most.")

    @field_validator("mail_from")
    @classmethod
    def _require_sender(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("smtp_host") and "@" not in parseaddr(value)[1]:
            raise ValueError("must be an address, with MANDEGAR_SMTP_HOST")
        return value

    @field_validator("public_url")
    @classmethod
    def _require_address(cls, value: str, info: ValidationInfo) -> str:
        if (value or info.data.get("smtp_host")) and not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// (http:// for trying out), with MANDEGAR_SMTP_HOST")
        return value.rstrip("/")
