"""Singer messages on standard output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from singer_sdk.contrib.msgspec import MsgSpecWriter

if TYPE_CHECKING:
    from singer_sdk.singerlib.encoding.simple import Message

    from tap_vtex.shutdown import Shutdown


class MessageWriter(MsgSpecWriter):
    """Writes each message to its end, also when a signal comes meanwhile."""

    def __init__(self, shutdown: Shutdown) -> None:
        super().__init__()
        self._shutdown = shutdown

    def write_message(self, message: Message) -> None:
        """Write a message.

        Raises:
            Terminated: a signal has come; the message is out.
        """
        line = self.format_message(message)
        with self._shutdown.deferred():
            # Without a buffer (PYTHONUNBUFFERED, usual in containers), a write that a signal
            # interrupts while it waits for the target returns with a part written.
            written = sys.stdout.buffer.write(line)
            while written < len(line):
                written += sys.stdout.buffer.write(line[written:])
            sys.stdout.flush()
