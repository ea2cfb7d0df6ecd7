"""Of campaigns: nobody is written to against their word, or twice, or after a goal, or missed by a segment."""

from __future__ import annotations

from tests.sabotage.removing import Edit, Safeguard

_CONSENTS = "services/campaigns/consent/store.py"
_SENDING = "services/campaigns/messages/jobs.py"
_JUDGING = "services/campaigns/messages/domain.py"
_KEEPING = "services/campaigns/segments/keeping.py"
_LAST_WORD = """
WHERE (c.occurred_at, array_position(ARRAY['given', 'pending', 'withdrawn'], c.state), c.record)
    < (excluded.occurred_at, array_position(ARRAY['given', 'pending', 'withdrawn'], excluded.state), excluded.record)
"""
CAMPAIGNS = (
    Safeguard(
        "consents are held at the claim",
        (Edit(_CONSENTS, '_LOCK.replace("FOR UPDATE", "FOR SHARE")', '_LOCK.replace("FOR UPDATE OF c", "")'),),
        ("tests/campaigns_messages/test_sending.py",),
    ),
    Safeguard(
        "consents are read once they are held",
        (
            Edit(
                _SENDING,
                "        await consent.lock(tx.conn, everybody, shared=True)\n        said = ",
                "        said = ",
            ),
            Edit(
                _SENDING,
                "        persons = await audience.persons_of(tx.conn, asked)\n",
                "        persons = await audience.persons_of(tx.conn, asked)\n"
                "        await consent.lock(tx.conn, everybody, shared=True)\n",
            ),
        ),
        ("tests/campaigns_messages/test_unsubscribing.py",),
    ),
    Safeguard(
        "consents are read in the claim",
        (Edit(_JUDGING, "if asked is not None and not allows(words, asked, plan.purpose):", "if False:"),),
        ("tests/campaigns_messages/test_unsubscribing.py",),
    ),
    Safeguard(
        "a step of a campaign has one message for each occasion",
        (
            Edit(
                _JUDGING,
                '"\\x1f".join((customer, *about, channel))',
                '"\\x1f".join((customer, *about, channel, __import__("os").urandom(8).hex()))',
            ),
        ),
        ("tests/campaigns_messages/test_sending.py",),
    ),
    Safeguard(
        "a claim asks whether the run has reached its goal",
        (Edit(_SENDING, 'if how in ("goal", "exit"):', "if False:"),),
        ("tests/campaigns_messages/test_runs.py",),
    ),
    Safeguard(
        "a goal silences the messages that wait",
        (
            Edit(
                "services/campaigns/journeys/telling.py",
                "    waiting = await messages.planned_of(work.tx.conn, over.keys())\n",
                "    waiting: list[messages.Plan] = []\n",
            ),
        ),
        ("tests/campaigns_journeys/test_runs.py",),
    ),
    Safeguard(
        "only the attempt that claimed a message ends it",
        (Edit("services/campaigns/messages/store.py", " AND m.state = 1 AND m.attempt = n.attempt\n", "\n"),),
        ("tests/campaigns_messages/test_sending.py",),
    ),
    Safeguard(
        "claimed before it is sent",
        (
            Edit(
                _SENDING,
                "            await consent.purge_links(tx.conn)\n",
                "            await consent.purge_links(tx.conn)\n            answers = await self.hand_over(tokens)\n",
            ),
            Edit(_SENDING, "        return tokens, len(found)\n", "        return answers, len(found)\n"),
            Edit(_SENDING, "self.end(await self.hand_over(claimed))", "self.end(claimed)"),
        ),
        ("tests/campaigns_messages/test_claiming.py",),
    ),
    Safeguard(
        "the last word on a channel holds",
        (Edit(_CONSENTS, _LAST_WORD, "\n"),),
        ("tests/campaigns_consent/test_pages.py",),
    ),
    Safeguard(
        "a withdrawal ends every purpose",
        (
            Edit(
                "services/campaigns/consent/domain.py",
                'if one.purpose == EVERY_PURPOSE and one.state == "withdrawn":',
                "if False:",
            ),
        ),
        ("tests/campaigns_consent/test_domain.py",),
    ),
    Safeguard(
        "whom an identity is counted as is asked again once they are held",
        (
            Edit(
                _KEEPING,
                "            moved = await pointers.pointers_of(",
                "            moved = moved if locked else await pointers.pointers_of(",
            ),
        ),
        ("tests/campaigns_segments/test_races.py",),
    ),
    Safeguard(
        "a version is made once all have settled by the one before",
        (
            Edit(
                "services/campaigns/segments/jobs.py",
                "await members.hold(tx.conn, [one.shop], alone=True)",
                "await members.hold(tx.conn, [one.shop])",
            ),
        ),
        ("tests/campaigns_segments/test_races.py",),
    ),
    Safeguard(
        "a day that changes segments has a timer",
        (Edit(_KEEPING, "        self._arm(verdicts, touches)\n", ""),),
        ("tests/campaigns_segments/test_members.py",),
    ),
    Safeguard(
        "what is told of messages settles whom it names",
        (
            Edit(
                "services/campaigns/main.py",
                'heard(following(on_messages, "responded"), journeys.of_message)',
                "runs.to(journeys.of_message)",
            ),
        ),
        ("tests/campaigns_segments/test_history.py",),
    ),
    Safeguard(
        "a day that lies back too long by now has a timer",
        (
            Edit(
                "services/campaigns/segments/store/members.py",
                "one = Verdict(person, segments, _first(turns))",
                "one = Verdict(person, segments, turns[0])",
            ),
        ),
        ("tests/campaigns_segments/test_history.py",),
    ),
    Safeguard(
        "who is merged is looked at on both sides",
        (
            Edit(
                "services/campaigns/audience/consumer.py",
                "for who in (one.customer, one.before, one.after)",
                "for who in (one.customer,)",
            ),
        ),
        ("tests/campaigns_segments/test_members.py",),
    ),
    Safeguard(
        "two claims never count past each other",
        (
            Edit(
                "services/campaigns/messages/paced.py",
                "        await pacing.hold(conn, set(persons.values()))\n",
                "",
            ),
        ),
        ("tests/campaigns_pacing/test_sending.py",),
    ),
)
