"""The real worker of campaigns, as `mandegar run campaigns --role worker` runs it, with its steps timed from outside.

Told by SIGTERM to end, it prints what each step took as one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import uvloop

from services.campaigns import main as campaigns
from services.campaigns import messages
from services.campaigns.journeys.jobs import JourneyJobs
from services.campaigns.messages import jobs as sending
from services.campaigns.messages.outside import Lane, mail
from services.campaigns.settings import CampaignsSettings
from shared.contracts.topics import CAMPAIGNS_MESSAGES, INTERACTIONS
from shared.messaging.batch import Outcome
from shared.messaging.worker import Worker
from shared.telemetry import configure_logging


@dataclass
class Step:
    """How often, for how many messages, how long in all, and between when and when (epoch seconds)."""

    calls: int = 0
    items: int = 0
    seconds: float = 0.0
    began: float = 0.0
    ended: float = 0.0

    def took(self, seconds: float, items: int) -> None:
        """Once more. What did nothing costs time and is no work."""
        now = time.clock_gettime(time.CLOCK_REALTIME)
        self.seconds += seconds
        if items:
            self.calls += 1
            self.items += items
            self.began = self.began or now - seconds
            self.ended = now


@dataclass
class Steps:
    """By name. Each is written by one thread."""

    by_name: dict[str, Step] = field(default_factory=dict)

    def watch(self, owner: Any, function: str, name: str, count: Callable[[tuple[Any, ...], Any], int]) -> None:
        """Time a coroutine function of a class or module; `count`: messages, of its arguments and its result."""
        step, original = self.by_name.setdefault(name, Step()), getattr(owner, function)

        async def timed(*args: Any, **more: Any) -> Any:
            began = time.perf_counter()
            result = await original(*args, **more)
            step.took(time.perf_counter() - began, count(args, result))
            return result

        setattr(owner, function, timed)

    def watch_plain(self, owner: Any, function: str, name: str) -> None:
        """The same of a function that waits for nothing, called for each message."""
        step, original = self.by_name.setdefault(name, Step()), getattr(owner, function)

        def timed(*args: Any, **more: Any) -> Any:
            began = time.perf_counter()
            result = original(*args, **more)
            step.took(time.perf_counter() - began, 1)
            return result

        setattr(owner, function, timed)

    def committed(self, outcome: Outcome) -> None:
        """Called in the worker's database thread after each commit."""
        for topic, name in ((INTERACTIONS, "enter"), (CAMPAIGNS_MESSAGES, "hear of the end")):
            if count := outcome.handled.get(topic, 0):
                seconds = sum(outcome.times.as_dict().values()) / 1e6
                self.by_name.setdefault(name, Step()).took(seconds, count)


def watched() -> Steps:
    """All steps of a message from its run to its end."""
    steps = Steps()
    steps.watch(JourneyJobs, "move", "move runs", lambda args, _: len(args[2]))
    steps.watch(messages, "add", "plan", lambda _, added: len(added))
    steps.watch(sending.Sender, "claim", "claim", lambda _, found: len(found[0]))
    steps.watch(sending.Sender, "hand_over", "hand over", lambda args, _: len(args[1]))
    steps.watch_plain(sending, "parcel_of", "write")
    steps.watch_plain(mail, "composed", "compose")
    steps.watch(Lane, "send", "SMTP, side by side", lambda *_: 1)
    steps.watch(sending.Sender, "end", "end", lambda args, _: len(args[1]))
    return steps


async def run() -> int:
    """Until SIGTERM."""
    steps, stop = watched(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    settings = CampaignsSettings.load("campaigns", role="worker")
    configure_logging("campaigns", level=settings.log_level, format=settings.log_format)
    service = replace(campaigns.create_service(), beside=campaigns.SERVICE.beside)
    code = await Worker(service, settings, committed=steps.committed).run(stop)
    used = resource.getrusage(resource.RUSAGE_SELF)
    told = {
        "steps": {name: asdict(step) for name, step in steps.by_name.items()},
        "processor_seconds": used.ru_utime + used.ru_stime,
        "rss_mib": used.ru_maxrss / 1024,
    }
    print(json.dumps(told), flush=True)
    return code


if __name__ == "__main__":
    sys.exit(uvloop.run(run()))
