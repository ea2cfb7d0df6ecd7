"""The demo: a real shop's history through the whole platform, every figure beside one counted anew by other means.

What may not live here: knowledge of tables or topics. It starts the stack, replays a file and asks over HTTP with an
API key, as a user would.
"""

from mandegar.demo.story import DEMO_SHOP, Outcome, Urls, tell

__all__ = ["DEMO_SHOP", "Outcome", "Urls", "tell"]
