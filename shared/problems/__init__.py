"""Problems: why a request gets no answer of success, as values (RFC 9457); whatever a request leads to may raise one.

What may not live here: anything that HTTP's libraries are needed for; `shared.web` makes answers of problems.
"""

from shared.problems.kinds import (
    FieldError,
    Problem,
    changed_meanwhile,
    conflict,
    forbidden,
    invalid,
    key_expired,
    not_found,
    token_expired,
    too_large,
    too_many,
    unauthenticated,
    unavailable,
    unexpected,
    unsupported_media_type,
)

__all__ = [
    "FieldError",
    "Problem",
    "changed_meanwhile",
    "conflict",
    "forbidden",
    "invalid",
    "key_expired",
    "not_found",
    "token_expired",
    "too_large",
    "too_many",
    "unauthenticated",
    "unavailable",
    "unexpected",
    "unsupported_media_type",
]
