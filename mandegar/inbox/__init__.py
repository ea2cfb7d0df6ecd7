"""A server for e-mail that keeps what it is given instead of delivering it, and shows it: for trying out alone."""

from mandegar.inbox.letters import Letter, Letters
from mandegar.inbox.serving import Inbox

__all__ = ["Inbox", "Letter", "Letters"]
