"""What programmes would give, asked over HTTP."""

from services.loyalty.earning.api.simulate import router

ROUTERS = (router,)

__all__ = ["ROUTERS"]
