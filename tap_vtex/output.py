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
    """The output can't be written, for another reason than a target that has gone."""

    def __init__(self, reason: str | None) -> None:
        """Say why: in the system's words, or None for an output that is closed."""
        reason = reason or "it is closed"
        super().__init__(
            f"The tap's output can't be written: {reason}. Check the disk and where the output "
            "goes, then run again."
        )


class MessageWriter(MsgSpecWriter):
    """Writes each message to its end, also when a signal comes meanwhile."""

    def __init__(self, shutdown: Shutdown) -> None:
        super().__init__()
        self._shutdown = shutdown

    def write_message(self, message: Message) -> None:
        """Write a message.

        Raises:
            Terminated: a signal has come; the message is out.
            BrokenPipeError: The target has gone.
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
        """Make a line of a message. The SDK would copy the whole state for it, value by value."""
        if isinstance(message, StateMessage):
            return serialize_jsonl({"type": "STATE", "value": message.value})
        return super().serialize_message(message)

    def _write(self, line: bytes | bytearray) -> None:
        with self._shutdown.deferred():
            if sys.stdout is None:  # it was closed before the tap began
                raise ValueError
            # Without a buffer (PYTHONUNBUFFERED, usual in containers), a write that a signal
            # interrupts while it waits for the target returns with a part written.
            written = sys.stdout.buffer.write(line)
            while written < len(line):
                written += sys.stdout.buffer.write(line[written:])
            sys.stdout.flush()
