"""Campaigns: who a shop's customers are to its messages, what they consented to, and what is sent to them."""
