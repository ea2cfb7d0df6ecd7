"""The descriptions of the APIs, and the client that is generated from them."""
