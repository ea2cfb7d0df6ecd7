"""Of feedback: nobody is asked too often, and each answer counts once."""

from __future__ import annotations

from tests.sabotage.removing import Edit, Safeguard

_TURNS = "services/feedback/surveys/domain/asking.py"
FEEDBACK = (
    Safeguard(
        "a survey is answered once",
        (
            Edit(
                "services/feedback/answers/taking.py",
                "    await customers.lock(tx.conn, {(shop.number, found.customer)})\n    return await look",
                "    return await look",
            ),
        ),
        ("tests/feedback_answers/test_pages.py",),
    ),
    Safeguard(
        "an answer that is handed in counts once",
        (Edit("services/feedback/answers/store.py", "\nWHERE NOT a.counts\nRETURNING 1", "\nRETURNING 1"),),
        ("tests/feedback_answers/test_handing_in.py",),
    ),
    Safeguard(
        "what is dismissed takes no answer",
        (
            Edit(
                "services/feedback/surveys/domain/invitations.py",
                "return self.state in OPEN and self.expires_at",
                "return self.expires_at",
            ),
        ),
        ("tests/feedback_answers/test_pages.py",),
    ),
    Safeguard(
        "nobody is asked again before they have rested",
        (Edit(_TURNS, "ready = max(ready, max(asked.values()) + rest)", "pass"),),
        ("tests/feedback_surveys/test_asking.py",),
    ),
    Safeguard(
        "the survey that waits the longest has its turn",
        (
            Edit(
                _TURNS,
                "key=lambda one: (one.survey in asked, asked.get(one.survey, now), one.due, one.survey, one.id)",
                "key=lambda one: (one.due, one.survey, one.id)",
            ),
        ),
        ("tests/feedback_surveys/test_asking.py",),
    ),
)
