"""The relay: what committed transactions left in the outbox goes to Kafka, in order, at least once.

`relay` runs the rounds; `store` has their queries, `sender` the producer, `leadership` and `shares` say who sends which
shards and how much of each, `refused` sets aside what can never be sent.

What may not live here: anything of consuming. A relay needs no worker beside it.
"""

from shared.messaging.relay.refused import RefusedRows
from shared.messaging.relay.relay import Relay, outbox_channel
from shared.messaging.relay.sender import KafkaSender, SendFailed
from shared.messaging.relay.store import OutboxRow

__all__ = ["KafkaSender", "OutboxRow", "RefusedRows", "Relay", "SendFailed", "outbox_channel"]
