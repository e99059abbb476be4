"""What the key may read of what is selected, found out before a run: ``tap-vtex --check``."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from tap_vtex import access
from tap_vtex.errors import AccessError, NotFoundError, RefusedError, VtexError
from tap_vtex.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_vtex.client import VtexClient
    from tap_vtex.streams.base import VtexStream

HEADS: Final = ("granted", "product", "category", "resource", "or instead", "without it", "for")
#: Seconds to ask for something that does not come: whoever asks is waiting.
PATIENCE: Final = 10.0
#: Paths without any answer, before any with one, that stand for all others.
MOST_UNANSWERED: Final = 2
UNAUTHORIZED: Final = 401


@dataclass(frozen=True)
class Finding:
    """Whether the key may read one path for one stream."""

    stream: str
    path: str
    #: None where that could not be found out.
    granted: bool | None
    #: What the stream does without it; empty where it can't do without.
    without: str
    #: Resources of which one opens the path, the first the one to recommend.
    resources: tuple[access.Resource, ...]
    #: What VTEX answered, if it was no data.
    trouble: str = ""

    @property
    def is_in_order(self) -> bool:
        """Whether the stream can be read as far as this goes."""
        return self.granted is True or bool(self.granted is False and self.without)

    @property
    def cells(self) -> tuple[str, ...]:
        """What was found, of which the table says once for all streams that it is for."""
        first, *others = self.resources or (access.Resource("?", "?", "?"),)
        instead = (
            one.name if one[:2] == first[:2] else f"{one.name} ({one.product}, {one.category})"
            for one in others
        )
        granted = {True: "yes", False: "NO", None: "?"}[self.granted]
        without = self.without if self.granted is False else ""
        return (granted, *first, ", ".join(instead), without)


class Check:
    """Asks for what streams need, once each, and takes note of the answers."""

    def __init__(self, client: VtexClient) -> None:
        self.findings: list[Finding] = []
        self.notes: list[str] = []
        self._client = client
        self._stream = ""
        self._answers: dict[tuple[str, str], Any] = {}
        #: What happened instead of an answer, as long as there was none at all.
        self._unanswered: list[str] | None = []

    def look_at(self, stream: VtexStream) -> None:
        """Ask for what a stream needs."""
        self._stream = stream.name
        stream.check(self)

    def ask(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        without: str = "",
    ) -> Any:  # noqa: ANN401 - JSON can be anything
        """Ask for a path and give what came, None for nothing.

        ``without`` is what the stream does if the key may not read it: half a sentence.
        """
        key = (path, str(params))
        if key not in self._answers:
            self._answers[key] = self._ask(path, params, headers)
        granted, trouble, body = self._answers[key]
        resources = access.resources_for(path)
        found = Finding(self._stream, path, granted, without, resources, trouble)
        self.findings.append(found)
        return body

    def _ask(
        self,
        path: str,
        params: Mapping[str, str | int] | None,
        headers: Mapping[str, str] | None,
    ) -> tuple[bool | None, str, Any]:
        if self._unanswered and len(self._unanswered) >= MOST_UNANSWERED:
            return None, self._unanswered[-1], None
        found: tuple[bool | None, str, Any]
        try:
            answer = self._client.get(
                path, _anything, params=params, headers=headers, patience=PATIENCE
            )
            found = True, "", answer.body
        except AccessError as error:
            found = False, str(error), None
        except NotFoundError:
            found = True, "", None  # the key may read it, though it is not there
        except RefusedError as error:
            found = None, f"VTEX does not take the question (status {error.status})", None
        except VtexError as error:
            if self._unanswered is not None:
                self._unanswered.append(str(error))
            return None, str(error), None
        self._unanswered = None
        return found

    def note(self, sentence: str) -> None:
        """Take note of something that is no matter of rights."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    @property
    def is_in_order(self) -> bool:
        """Whether every stream can be read."""
        return all(finding.is_in_order for finding in self.findings)

    @property
    def in_order_of_clicks(self) -> list[Finding]:
        """The findings in the order in which an administrator comes by their resources."""
        return sorted(self.findings, key=lambda one: one.resources[:1])

    def as_text(self) -> str:
        """The findings as a table, with what to do."""
        streams: dict[tuple[str, ...], dict[str, None]] = {}
        for one in self.in_order_of_clicks:
            streams.setdefault(one.cells, {})[one.stream] = None
        lines = [(*cells, ", ".join(names)) for cells, names in streams.items()]
        troubles = dict.fromkeys(one.trouble for one in self.findings if one.granted is None)
        return "\n".join([*table([HEADS, *lines]), "", *self.notes, *troubles, self._verdict()])

    def as_json(self) -> str:
        """The findings for a machine."""
        found = [
            {
                **asdict(one),
                "resources": [resource._asdict() for resource in one.resources],
                "in_order": one.is_in_order,
            }
            for one in self.in_order_of_clicks
        ]
        verdict = {"in_order": self.is_in_order, "notes": self.notes, "findings": found}
        return json.dumps(verdict, indent=2, ensure_ascii=False)

    def _verdict(self) -> str:
        if self.is_in_order:
            return "The key may read all that is selected."
        if not any(one.granted for one in self.findings):
            return (
                "VTEX gave nothing at all: check account_name, app_key and app_token, and that the "
                "key is active and has the role."
            )
        lacking = [one for one in self.in_order_of_clicks if not one.is_in_order]
        to_add = dict.fromkeys(access.how_to_grant(one.path) for one in lacking if one.resources)
        streams = ", ".join(dict.fromkeys(one.stream for one in lacking))
        return "\n".join([f"These can't be read as it is: {streams}.", *to_add])


def _anything(body: object) -> TypeGuard[Any]:  # noqa: ARG001
    return True


def check(client: VtexClient, streams: Iterable[VtexStream]) -> Check:
    """Find out which of some streams a key may read."""
    done = Check(client)
    for stream in streams:
        done.look_at(stream)
    return done
