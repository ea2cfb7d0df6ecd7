"""Lives: what the customers of one shop do over years, as the raw events that its systems would send.

Names in three languages, visits, carts that are bought or left, orders, deliveries, refunds, letters and surveys, and
the seasons of three calendars. Deterministic, as all of `generating`; the truth comes beside the events.
"""

from mandegar.generating.lives.market import Market
from mandegar.generating.lives.seasons import SEASONS
from mandegar.generating.lives.stream import LifeEvent, Lives, generate_lives
from mandegar.generating.lives.telling import Answered, Cart

__all__ = ["SEASONS", "Answered", "Cart", "LifeEvent", "Lives", "Market", "generate_lives"]
