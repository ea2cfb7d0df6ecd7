"""Settings of campaigns."""

from __future__ import annotations

import base64
from email.utils import parseaddr
from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from shared.outgoing import SECRET_LENGTH_MIN
from shared.settings import PlatformSettings

_P256_BYTES = 32


class CampaignsSettings(PlatformSettings):
    """By whom messages go out, and where links in them lead."""

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
    sms_provider: Literal["", "kavenegar", "twilio"] = Field(
        "", description="Who sends text messages. Empty: none is sent, and they wait."
    )
    sms_key: SecretStr = Field(
        SecretStr(""),
        description="Its API key, or auth token; needed with MANDEGAR_SMS_PROVIDER.",
        validate_default=True,
    )
    sms_account: str = Field("", description="Account SID, of Twilio.", validate_default=True)
    sms_sender: str = Field(
        "", description="Number or messaging service (Twilio), or line, that text messages come from."
    )
    sms_opt_out: str = Field(
        "",
        max_length=70,
        description="Line at the end of text messages that says how to get no more, such as `لغو: ۱۱`.",
    )
    sms_url: str = Field("", description="Another address of the provider's API, for trying out.")
    vapid_key: SecretStr = Field(
        SecretStr(""),
        description="Private key for push, 32 bytes of P-256 in base64url. Empty: none is sent, and messages wait.",
    )
    vapid_contact: str = Field(
        "",
        description="Whom push services write to: `mailto:…` or `https:…`; needed with MANDEGAR_VAPID_KEY.",
        validate_default=True,
    )
    report_secret: SecretStr = Field(
        SecretStr(""),
        description="Signs reports of e-mail (Standard Webhooks; at least 16 characters), and is the key in the "
        "address for Kavenegar's. Empty: there are none.",
    )
    tracking: bool = Field(True, description="Whether links and a picture in e-mail tell of clicks and opens.")
    send_loopback: bool = Field(
        False,
        description="Lets receivers of webhooks, push and text messages be on this machine: for trying out alone.",
    )
    send_batch: int = Field(
        200,
        ge=1,
        le=500,
        description="Messages that are claimed together, at most: as many as are sent within a second.",
    )
    bounce_times: int = Field(
        3, ge=1, le=100, description="Soft bounces in a row after which an address is left alone."
    )
    bounce_days: int = Field(14, ge=1, le=365, description="Within so many days.")
    send_connections: int = Field(4, ge=1, le=50, description="Connections to the server for e-mail, at most.")

    @field_validator("mail_from")
    @classmethod
    def _require_sender(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("smtp_host") and "@" not in parseaddr(value)[1]:
            raise ValueError("must be an address, with MANDEGAR_SMTP_HOST")
        return value

    @field_validator("sms_key")
    @classmethod
    def _require_key(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if info.data.get("sms_provider") and not value.get_secret_value():
            raise ValueError("must be given, with MANDEGAR_SMS_PROVIDER")
        return value

    @field_validator("sms_account")
    @classmethod
    def _require_account(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("sms_provider") == "twilio" and not value:
            raise ValueError("must be given, with Twilio")
        return value

    @field_validator("report_secret")
    @classmethod
    def _require_length(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and len(value.get_secret_value()) < SECRET_LENGTH_MIN:
            raise ValueError(f"must have at least {SECRET_LENGTH_MIN} characters")
        return value

    @field_validator("vapid_key")
    @classmethod
    def _require_private_key(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text and len(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) != _P256_BYTES:
            raise ValueError("must be 32 bytes in base64url")
        return value

    @field_validator("vapid_contact")
    @classmethod
    def _require_contact(cls, value: str, info: ValidationInfo) -> str:
        key = info.data.get("vapid_key")
        if key is not None and key.get_secret_value() and not value.startswith(("mailto:", "https:")):
            raise ValueError("must begin with mailto: or https:, with MANDEGAR_VAPID_KEY")
        return value

    @field_validator("public_url")
    @classmethod
    def _require_address(cls, value: str, info: ValidationInfo) -> str:
        if (value or info.data.get("smtp_host")) and not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// (http:// for trying out), with MANDEGAR_SMTP_HOST")
        return value.rstrip("/")
