"""Singer messages on standard output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from singer_sdk.contrib.msgspec import MsgSpecWriter, serialize_jsonl
from singer_sdk.singerlib import StateMessage

if TYPE_CHECKING:
    from singer_sdk.singerlib.encoding.simple import Message

    from tap_vtex.shutdown import Shutdown


class OutputError(Exception):
    """The output can't be written, though the target has not closed the pipe."""

    def __init__(self, reason: str | None) -> None:
        """Give the system's reason, or None if the output is closed."""
        reason = reason or "it is closed"
        super().__init__(
            f"The tap's output can't be written: {reason}. Check the disk and where the output "
            "goes, then run again."
        )


class MessageWriter(MsgSpecWriter):
    """Writes each message completely, even if a signal arrives meanwhile."""

    def __init__(self, shutdown: Shutdown) -> None:
        super().__init__()
        self._shutdown = shutdown

    def write_message(self, message: Message) -> None:
        """Write a message.

        Raises:
            Terminated: A signal has come; the message is written.
            BrokenPipeError: The target closed the pipe.
            OutputError: The output can't be written.
        """
        line = self.format_message(message)
        try:
            self._write(line)
        except BrokenPipeError:
            raise
        except (OSError, ValueError) as error:  # ValueError: the file is closed
            raise OutputError(getattr(error, "strerror", None)) from None

    def serialize_message(self, message: Message) -> bytearray:
        """Serialize a message to a line. For a state, the SDK would copy each value first."""
        if isinstance(message, StateMessage):
            return serialize_jsonl({"type": "STATE", "value": message.value})
        return super().serialize_message(message)

    def _write(self, line: bytes | bytearray) -> None:
        with self._shutdown.deferred():
            if sys.stdout is None:  # closed before the tap started
                raise ValueError
            # Without a buffer (PYTHONUNBUFFERED, usual in containers), a write interrupted by a
            # signal while the target is slow returns after writing only a part.
            written = sys.stdout.buffer.write(line)
            while written < len(line):
                written += sys.stdout.buffer.write(line[written:])
            sys.stdout.flush()
