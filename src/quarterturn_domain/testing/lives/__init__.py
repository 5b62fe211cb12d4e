"""Lives of orders, lived on any adapter through the real use cases and beside a provider, with the laws that hold all the while.

Give `live` the use cases (`Shop`, which `quarterturn_adapters.bootstrap.Application` is), the world around them (`Outside`), and a
life that `order_lives` drew; `after=prove` asserts every law of orders and books after every step.
"""

from quarterturn_domain.testing.lives.laws import prove
from quarterturn_domain.testing.lives.living import LivingShop, live
from quarterturn_domain.testing.lives.ports import Outside, Shop

__all__ = ["LivingShop", "Outside", "Shop", "live", "prove"]
