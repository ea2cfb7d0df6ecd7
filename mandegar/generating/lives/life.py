"""One shopper's life with a shop: they come, look, fill carts, buy or leave them, are asked, and go one day.

Who had a late delivery, or something given back, scores lower, and comes back less. Seasons bring more visits; and
more orders make more of them late.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from mandegar.generating.lives.asking import Post
from mandegar.generating.lives.market import Market
from mandegar.generating.lives.people import Shopper
from mandegar.generating.lives.seasons import factor
from mandegar.generating.lives.telling import Cart, Told
from mandegar.generating.lives.words import ARTICLES, Article
from mandegar.generating.stories import Story

_JOINS_BY = 0.8
"""In this first part of the days everybody has come once."""
_CHECKS_OUT, _PAYS, _COMES_BACK_TO_IT = 0.65, 0.8, 0.3
_CANCELS, _RETURNS, _RETURNS_LATE = 0.03, 0.04, 0.2
_LATE, _LATE_IN_SEASON, _LATE_MAX = 0.06, 0.12, 0.45
_PROMISED = timedelta(days=3)
_LEAVES, _LEAVES_UNHAPPY, _UNHAPPY_UNTIL = 0.04, 0.35, 6.5
_AWAY_SHARE, _AWAY_DAYS = 0.15, (90, 300)
_WEIGHT_OF_LAST = 0.5
_MAGNET_MAX = 0.9


class Life:
    """Tells one life; all chance is drawn from `rng`, in the order of telling."""

    def __init__(self, rng: Random, market: Market, shopper: Shopper) -> None:
        """Nothing is told yet."""
        self._rng, self._market, self._shopper = rng, market, shopper
        self._told = Told()
        self._post = Post(rng, market, shopper, self._told)
        self._known = False
        """The shop knows who uses this browser."""
        self._mood = shopper.contentment
        self._orders = self._carts = 0

    def tell(self) -> Told:
        """From the first visit to the last day."""
        rng, market = self._rng, self._market
        number, comes = int(rng.random() * market.days * _JOINS_BY), True
        while number < market.days:
            day = market.day(number)
            crowd = factor(day, market.seasons)
            if comes or rng.random() < min(_MAGNET_MAX, self._shopper.a_day * crowd):
                self._visit(self._moment(day), crowd)
                if self._gone():
                    if rng.random() > _AWAY_SHARE:
                        break
                    number += rng.randint(*_AWAY_DAYS)
            elif self._known:
                self._post.write(self._moment(day), crowd)
            number, comes = number + 1, False
        return self._told

    def _gone(self) -> bool:
        """Whether that was the last visit, or the last for long. Who has bought nothing yet keeps looking."""
        if not self._orders:
            return False
        chance = _LEAVES_UNHAPPY if self._mood <= _UNHAPPY_UNTIL else _LEAVES
        return self._rng.random() < chance

    def _moment(self, day: date) -> datetime:
        """An instant of that day in the shop's zone, mostly of its evening; whole milliseconds."""
        begin = datetime.combine(day, datetime.min.time(), self._market.info).astimezone(UTC)
        hour = min(23.5, max(0.5, self._rng.gauss(17, 4)))
        return begin + timedelta(milliseconds=int(hour * 3_600_000))

    def _later(self, at: datetime, least_s: float, most_s: float) -> datetime:
        return at + timedelta(milliseconds=int(self._rng.uniform(least_s, most_s) * 1000))

    def _visit(self, at: datetime, crowd: float) -> None:
        rng = self._rng
        self._say(at, "page")
        if not self._known and rng.random() < 0.5:
            at = self._later(at, 5, 60)
            self._introduce(at)
        seen = rng.sample(ARTICLES, rng.randint(1, 4))
        for article in seen:
            at = self._later(at, 10, 120)
            self._say(at, "Product Viewed", self._of(article))
        if rng.random() < self._shopper.buys:
            self._fill(self._later(at, 10, 60), seen, crowd)

    def _introduce(self, at: datetime) -> None:
        self._told.say(at, "identify", self._shopper.traits() | {"visitor": self._shopper.visitor})
        self._known = True

    def _fill(self, at: datetime, seen: list[Article], crowd: float) -> None:
        rng, shopper, market = self._rng, self._shopper, self._market
        self._carts += 1
        cart = Cart(f"{market.shop}-cart-{shopper.number}-{self._carts}", shopper.customer_id, at)
        self._told.carts.append(cart)
        for article in seen[: rng.randint(1, 3)]:
            quantity = rng.randint(1, 3)
            cart.pieces[article.product_id] = quantity
            self._say(at, "Product Added", self._of(article, cart, quantity))
            at = self._later(at, 10, 90)
        if len(cart.pieces) > 1 and rng.random() < 0.15:
            taken = seen[0]
            self._say(at, "Product Removed", self._of(taken, cart, cart.pieces.pop(taken.product_id)))
            at = self._later(at, 5, 30)
        if not self._known:
            self._introduce(at)
            at = self._later(at, 5, 60)
        if self._checks_out(cart, at):
            self._buy(cart, self._later(at, 60, 300), crowd)
        elif rng.random() < _COMES_BACK_TO_IT:
            at = self._later(at, 3_600, 3 * 86_400)
            self._say(at, "Cart Viewed", {"cart_id": cart.cart_id})
            self._buy(cart, self._later(at, 60, 600), crowd)

    def _checks_out(self, cart: Cart, at: datetime) -> bool:
        if self._rng.random() >= _CHECKS_OUT:
            return False
        self._say(at, "Checkout Started", {"cart_id": cart.cart_id})
        return self._rng.random() < _PAYS

    def _buy(self, cart: Cart, at: datetime, crowd: float) -> None:
        rng, shopper, market = self._rng, self._shopper, self._market
        self._orders += 1
        lines = [(one, cart.pieces[one.product_id]) for one in ARTICLES if one.product_id in cart.pieces]
        price = sum(market.price(article.worth) * quantity for article, quantity in lines)
        pieces = {article.product_id: quantity for article, quantity in lines}
        cart.order_id = f"{shopper.number}-{self._orders}"
        story = Story(
            market.shop, cart.order_id, shopper.customer_id, market.info, market.currency, price, pieces, "life"
        )
        story.complete(at)
        if rng.random() < _CANCELS:
            story.cancel(self._later(at, 600, 20_000))
            self._end(story, cart)
            return
        late = rng.random() < min(_LATE_MAX, _LATE + _LATE_IN_SEASON * max(0.0, crowd - 1))
        delivered = at + _PROMISED * (rng.uniform(1.3, 3.5) if late else rng.uniform(0.3, 1.0))
        if rng.random() < (_RETURNS_LATE if late else _RETURNS):
            article, quantity = rng.choice(lines)
            story.refund_pieces(
                self._later(delivered, 86_400, 6 * 86_400),
                {article.product_id: rng.randint(1, quantity)},
                market.price(article.worth),
                f"r-{cart.order_id}",
            )
        self._say(delivered, "Order Delivered", {"order_id": cart.order_id})
        self._end(story, cart)
        felt = self._post.ask(delivered, cart.order_id, late=late, refunded=story.any_refund)
        self._mood += _WEIGHT_OF_LAST * (felt - self._mood)

    def _end(self, story: Story, cart: Cart) -> None:
        """The events of the order, with what shops say of its lines, and what is true of it."""
        of = {one.product_id: one for one in ARTICLES}
        for event in story.events:
            data = event.data | self._shopper.identifiers(self._rng)
            if "products" in data:
                data["products"] = [self._line(of[line["line_id"]], line["quantity"]) for line in data["products"]]
                data |= {"checkout_id": cart.cart_id, "locale": self._shopper.locale}
            self._told.say(event.occurred, event.kind, data)
        self._told.facts.append(story.fact())

    def _line(self, article: Article, quantity: int) -> dict[str, Any]:
        return {
            "line_id": article.product_id,
            "product_id": article.product_id,
            "category": article.category,
            "name": article.names[self._shopper.locale],
            "price": self._market.major(self._market.price(article.worth)),
            "quantity": quantity,
        }

    def _of(self, article: Article, cart: Cart | None = None, quantity: int | None = None) -> dict[str, Any]:
        data: dict[str, Any] = {
            "product_id": article.product_id,
            "category": article.category,
            "price": self._market.major(self._market.price(article.worth)),
            "currency": self._market.currency,
        }
        if cart is not None:
            data |= {"cart_id": cart.cart_id, "quantity": quantity}
        return data

    def _say(self, at: datetime, kind: str, data: dict[str, Any] | None = None) -> None:
        """Something that was done with the browser, by somebody whom the shop may know."""
        who: dict[str, Any] = {"visitor": self._shopper.visitor}
        if self._known:
            who["customer_id"] = self._shopper.customer_id
        self._told.say(at, kind, (data or {}) | who)
