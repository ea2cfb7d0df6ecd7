"""From a message that is ours to send to what an adaptor hands over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from services.campaigns import consent, templates
from services.campaigns.audience import Person
from services.campaigns.devices import browser_of
from services.campaigns.hooks import Hook
from services.campaigns.messages.domain import Claimed, Contact, Trial, fields_of
from services.campaigns.messages.outside import Letter, Parcel
from services.campaigns.messages.store import Due
from services.campaigns.reports import Links
from services.campaigns.settings import CampaignsSettings
from shared.contracts.shops import Shop
from shared.kernel import CustomerId, customer_id_text


def parcel_of(one: Claimed, shop: Shop, token: str, settings: CampaignsSettings, now: datetime) -> Parcel:
    """The message, written. Raises templates.Trouble."""
    base = settings.public_url
    links = (
        f"{base}{consent.UNSUBSCRIBE}/{shop.slug}/{token}",
        f"{base}{consent.PREFERENCES}/{shop.slug}/{token}",
    )
    template, channel = one.version.template, one.plan.channel
    fields = fields_of(one, shop.name, msgspec.json.decode(one.plan.fields), links)
    content: Letter | templates.Part
    if channel == "email":
        written, html = templates.write(template, one.locale, fields)
        if settings.tracking and one.trial is None:
            html = Links(settings.secret_key.get_secret_value()).tracked(html, one.plan.id, base)
        content = Letter(written.subject, written.text, html)
    else:
        content = templates.write_part(template, one.locale, channel, fields)
    return Parcel(
        plan=one.plan,
        slug=shop.slug,
        customer="" if one.trial is not None else customer_id_text(CustomerId(one.plan.customer)),
        to=one.to,
        locale=one.locale,
        content=content,
        work=_work(template.work, one.trial),
        unsubscribe=links[0],
        now=now,
        test=one.trial is not None,
    )


def _work(work: templates.Work, trial: Trial | None) -> templates.Work:
    return work if trial is None else msgspec.structs.replace(work, owner=trial.to, via=None)


def _tested_at(channel: str, to: str, hook: Hook | None) -> Contact:
    """Where a test goes. A browser was written as JSON, until the test ends."""
    match channel:
        case "webhook":
            return hook
        case "push":
            return [browser_of(**msgspec.json.decode(to))] if to else None
    return to


def tested(
    one: Due, person: Person, version: templates.Version | None, hook: Hook | None, languages: Sequence[str]
) -> Claimed | None:
    """A test, claimed; None where there is nothing to be sent, or nowhere to send it."""
    plan = one.plan
    told = msgspec.json.decode(plan.fields)
    trial = Trial(one.test_to or "", told["locale"], told["customer"])
    to = _tested_at(plan.channel, trial.to, hook)
    if version is None or not version.template.languages(plan.channel) or not to:
        return None
    locale = templates.chosen(version.template, [trial.locale, *languages], plan.channel)
    plan = plan._replace(fields=msgspec.json.encode(told["values"]))
    return Claimed(plan, one.attempt + 1, person, version, locale, to, trial)
