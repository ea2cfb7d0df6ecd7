"""What a set of servers needs before services may start: tables, topics, and one shop."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from mandegar.connecting import Connection, use
from mandegar.failures import CommandFailed
from mandegar.services import service_main, service_names

DEFAULT_SHOP = "default"
KAFKA_SECONDS = 20.0

_FOREIGN = """\
{service}'s positions in the database belong to Kafka cluster {known}, but {servers} is cluster {found}.
Positions mean nothing in another Kafka, so nothing was started or changed.
Set KAFKA_BOOTSTRAP_SERVERS to the Kafka of this database, or DATABASE_URL to the database of this Kafka (a new
database if there is none)."""


def prepare(connection: Connection) -> None:
    """Migrate all services, create their topics, add the shop `default` when there is none. Safe to repeat.

    Raises CommandFailed, and has changed nothing, when Kafka is not the one that the database knows.
    """
    use(connection)
    names = service_names()
    asyncio.run(check_cluster(connection, names))
    with ThreadPoolExecutor(2) as pool:
        topics = pool.submit(create_topics, connection)
        for name in names:
            migrate_service(name, connection)
        topics.result()
    if "gateway" in names:
        ensure_shop(connection)


async def check_cluster(connection: Connection, names: list[str]) -> None:
    """Compare the cluster with the one that each service's positions are of. Raises CommandFailed, KafkaError, OSError.

    Workers look again, partition by partition; but they would say so in their logs, after topics were created there.
    """
    from aiokafka.client import AIOKafkaClient

    from shared.messaging.cluster import identify

    client = AIOKafkaClient(bootstrap_servers=connection.bootstrap_servers)
    try:
        await asyncio.wait_for(client.bootstrap(), KAFKA_SECONDS)
        found, _ = await identify(client, [])
    finally:
        await client.close()
    for name in names:
        for known in await _known_clusters(connection, name):
            if known != found:
                servers = connection.bootstrap_servers
                raise CommandFailed(_FOREIGN.format(service=name, known=known, servers=servers, found=found))


async def _known_clusters(connection: Connection, name: str) -> list[str]:
    import asyncpg

    from shared.db.engine import plain_url, server_settings

    url = plain_url(connection.service_database_url(name))
    settings = server_settings(name, "mandegar-operator")
    conn = await asyncpg.connect(url, timeout=5, command_timeout=8, server_settings=settings)
    try:
        rows = await conn.fetch("SELECT DISTINCT cluster_id FROM consumer_offset WHERE grp = $1", name)
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        return []  # a new database
    finally:
        await conn.close()
    return [row[0] for row in rows]


def migrate_service(name: str, connection: Connection) -> None:
    """Bring the tables of a service to this version."""
    from shared.db.migrating import migrate
    from shared.settings import logins_of

    url = connection.service_database_url(name)
    migrate(name, url, logins=logins_of(name, url))


def create_topics(connection: Connection) -> list[str]:
    """Create the topics that are missing. Gives the names of those created."""
    from shared.messaging.cluster import ensure_topics
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

    url = connection.login(GATEWAY)
    if not asyncio.run(with_gateway_at(url, lambda pool, _clock: list_shops(pool))):
        asyncio.run(with_gateway_at(url, lambda pool, clock: add_shop(pool, clock, DEFAULT_SHOP, name="Default shop")))
