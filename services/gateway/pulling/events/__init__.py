"""Shop systems' APIs: which address to ask, and how to read what comes. One form for all of them."""

from services.gateway.pulling.events.bigcommerce import BIGCOMMERCE
from services.gateway.pulling.events.forms import Found, Head, Question, System
from services.gateway.pulling.events.magento import MAGENTO
from services.gateway.pulling.events.shopify import SHOPIFY
from services.gateway.pulling.events.woocommerce import WOOCOMMERCE

SYSTEMS: dict[str, System] = {system.vendor: system for system in (SHOPIFY, WOOCOMMERCE, BIGCOMMERCE, MAGENTO)}

__all__ = ["SYSTEMS", "Found", "Head", "Question", "System"]
