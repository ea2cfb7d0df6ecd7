"""Webhooks of shop systems ↔ raw events: one adaptor for each system, all of one form."""

from services.gateway.webhooks.events.bigcommerce import BIGCOMMERCE
from services.gateway.webhooks.events.forms import Adaptor, Headers, Told, Unread
from services.gateway.webhooks.events.magento import MAGENTO
from services.gateway.webhooks.events.messages import Read, read_order, read_webhook
from services.gateway.webhooks.events.shopify import SHOPIFY
from services.gateway.webhooks.events.woocommerce import WOOCOMMERCE

ADAPTORS: dict[str, Adaptor] = {adaptor.vendor: adaptor for adaptor in (SHOPIFY, WOOCOMMERCE, BIGCOMMERCE, MAGENTO)}

__all__ = ["ADAPTORS", "Adaptor", "Headers", "Read", "Told", "Unread", "read_order", "read_webhook"]
