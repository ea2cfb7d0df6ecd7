"""The loop, walked before the reader's eyes: a customer lapses, is written to, comes back, earns, is asked, is called.

What may not live here: knowledge of tables. It asks over HTTP and listens to topics, as a shop and its tools would.
"""

from mandegar.demo.loop.shopper import LoopBroken
from mandegar.demo.loop.walk import LOOP_SHOP, Addresses, Walked, tell_of_walk, walk

__all__ = ["LOOP_SHOP", "Addresses", "LoopBroken", "Walked", "tell_of_walk", "walk"]
