"""What a set of servers needs before services may start: tables, topics, and one shop."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from mandegar.connecting import Connection, use
from mandegar.services import service_main, service_names

DEFAULT_SHOP = "default"


def prepare(connection: Connection) -> None:
    """Migrate all services, create their topics, add the shop `default` when there is none. Safe to repeat."""
    use(connection)
    names = service_names()
    with ThreadPoolExecutor(2) as pool:
        topics = pool.submit(create_topics, connection)
        for name in names:
            migrate_service(name, connection)
        topics.result()
    if "gateway" in names:
        ensure_shop(connection)


def migrate_service(name: str, connection: Connection) -> None:
    """Bring the tables of a service to this version."""
    from shared.db.migrating import migrate

    migrate(name, connection.service_database_url(name))


def create_topics(connection: Connection) -> list[str]:
    """Create the topics that are missing. Gives the names of those created."""
    from shared.messaging.topics_admin import ensure_topics
    from shared.settings import PlatformSettings

    services = [service_main(name).SERVICE for name in service_names()]
    settings = PlatformSettings.load()
    return asyncio.run(
        ensure_topics(
            connection.bootstrap_servers,
            services,
            partitions=settings.partitions,
            replication_factor=settings.replication_factor,
        )
    )


def ensure_shop(connection: Connection) -> None:
    """One shop is the default one; who has only one need not know of shops."""
    from mandegar.gateway import GATEWAY, with_gateway_at
    from services.gateway.shops import add_shop, list_shops

    url = connection.service_database_url(GATEWAY)
    if not asyncio.run(with_gateway_at(url, lambda pool, _clock: list_shops(pool))):
        asyncio.run(with_gateway_at(url, lambda pool, clock: add_shop(pool, clock, DEFAULT_SHOP, name="Default shop")))
