"""Settings of feedback."""

from __future__ import annotations

from pydantic import Field, field_validator

from shared.settings import PlatformSettings


class FeedbackSettings(PlatformSettings):
    """Where customers reach the pages of surveys."""

    survey_url: str = Field(
        "",
        description="Where customers reach the API of feedback, such as `https://feedback.example.com`: links to "
        "surveys lead there. Empty: nobody is asked, and surveys wait.",
    )

    @field_validator("survey_url")
    @classmethod
    def _require_address(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// (http:// for trying out)")
        return value.rstrip("/")
