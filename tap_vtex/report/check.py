"""The access check, ``tap-vtex --check``: which streams the key may read.

A stream is needed if it is selected by default, and optional otherwise. The catalog makes no
difference, because Meltano passes that of the last run, whatever it selected.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tap_vtex.errors import AccessError, NotFoundError, RefusedError, VtexError
from tap_vtex.http.bodies import is_anything
from tap_vtex.report.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_vtex.http.client import VtexClient
    from tap_vtex.http.endpoint import Endpoint

HEADS: Final = ("granted", "product", "category", "resource", "or instead", "without it", "for")
NO_DATA: Final = (
    "VTEX gave no data at all: check account_name, app_key and app_token, and that the key is "
    "active and has the role."
)
#: Give up on VTEX, or one area of it, after this many requests without a response if there has
#: been none at all.
MAX_UNANSWERED: Final = 2


class CheckAnswer(NamedTuple):
    """The outcome of one request."""

    #: None if unknown.
    granted: bool | None
    #: The decoded body, if any.
    body: Any = None
    #: Why there is no body, for the user.
    problem: str = ""


@dataclass(frozen=True)
class AccessFinding:
    """Whether the key may read one endpoint for one stream."""

    stream: str
    endpoint: Endpoint[Any]
    #: None if unknown.
    granted: bool | None
    #: What the stream does without access; empty if it can't do without.
    fallback: str
    #: What VTEX sent instead of data, if it did.
    problem: str = ""
    #: Whether the stream is selected by default.
    needed: bool = True

    @property
    def is_ok(self) -> bool:
        """Whether this endpoint lets the stream be read."""
        return self.granted is True or bool(self.granted is False and self.fallback)

    @property
    def cells(self) -> tuple[str, ...]:
        """The table row without its last column. Findings with equal cells share a row."""
        first, *others = self.endpoint.resources
        alternatives = (
            one.name if one[:2] == first[:2] else f"{one.name} ({one.product}, {one.category})"
            for one in others
        )
        granted = {True: "yes", False: "NO", None: "?"}[self.granted]
        fallback = self.fallback if self.granted is False else ""
        return (granted, *first, ", ".join(alternatives), fallback)

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON, without any id, account or store-specific entity."""
        return {
            "stream": "md_*" if self.stream.startswith("md_") else self.stream,
            "needed": self.needed,
            "path": self.endpoint.path,
            "granted": self.granted,
            "without": self.fallback,
            "resources": [resource._asdict() for resource in self.endpoint.resources],
            "in_order": self.is_ok,
        }


class Check:
    """Requests everything that streams need, once each, and collects the findings."""

    def __init__(self, client: VtexClient) -> None:
        self.findings: list[AccessFinding] = []
        self.notes: list[str] = []
        #: Sentences that name things specific to the store: for the user, not a public report.
        self._private_notes: list[str] = []
        #: The stream being checked, and whether it is needed.
        self.stream, self._needed = "", True
        #: The statuses with which VTEX refused the key.
        self.refusals: set[int] = set()
        self._client = client
        self._answers: dict[tuple[str, str], CheckAnswer] = {}
        #: Problems of VTEX as a whole and of each area, so far; None after its first response.
        self._unanswered: dict[str, list[str] | None] = {}

    def begin(self, stream: str, *, needed: bool = True) -> None:
        """Start with a stream."""
        self.stream, self._needed = stream, needed

    def ask(
        self,
        endpoint: Endpoint[Any],
        *ids: object,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        fallback: str = "",
    ) -> Any:  # noqa: ANN401 - JSON can be anything
        """Request an endpoint, unless it has been requested before, and record the finding.

        Args:
            endpoint: The endpoint to request.
            ids: The ids for its path.
            params: The query parameters.
            headers: Additional headers.
            fallback: What the stream does without access, as a phrase.

        Returns:
            The decoded body; None if there is none.
        """
        answer = self.look(endpoint, *ids, params=params, headers=headers)
        self.findings.append(
            AccessFinding(
                self.stream, endpoint, answer.granted, fallback, answer.problem, self._needed
            )
        )
        return answer.body

    def look(
        self,
        endpoint: Endpoint[Any],
        *ids: object,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> CheckAnswer:
        """Request an endpoint, unless it has been requested before, without a finding."""
        key = (self._client.path_to(endpoint, *ids), str(params))
        if key not in self._answers:
            self._answers[key] = self._ask(endpoint, *ids, params=params, headers=headers)
        return self._answers[key]

    def tell(self, sentence: str) -> None:
        """Add a sentence that names things specific to the store. It is not part of the JSON."""
        self._private_notes.append(sentence)

    def _ask(self, endpoint: Endpoint[Any], *ids: object, **options: Any) -> CheckAnswer:  # noqa: ANN401
        # Areas, such as ``dataentities``, can be down by themselves.
        areas = ("VTEX", endpoint.path.split("/")[2])
        unanswered = [self._unanswered.setdefault(area, []) for area in areas]
        for problems in filter(None, unanswered):
            if len(problems) >= MAX_UNANSWERED:
                return CheckAnswer(None, problem=problems[-1])
        endpoint = replace(endpoint, validate=is_anything)
        retry_for = self._client.policy.retry_check_for
        try:
            response = self._client.get(endpoint, *ids, retry_for=retry_for, **options)
            answer = CheckAnswer(granted=True, body=response.body)
        except AccessError as error:
            self.refusals.add(error.status)
            answer = CheckAnswer(granted=False, problem=str(error))
        except NotFoundError:
            answer = CheckAnswer(granted=True)  # the key has access, though there is nothing
        except RefusedError as error:
            answer = CheckAnswer(None, problem=f"VTEX refused the request (status {error.status})")
        except VtexError as error:
            for earlier in unanswered:
                if earlier is not None:
                    earlier.append(str(error))
            return CheckAnswer(None, problem=str(error))
        self._unanswered |= dict.fromkeys(areas)
        return answer

    def note(self, sentence: str) -> None:
        """Add a remark that is not about access, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    @property
    def is_ok(self) -> bool:
        """Whether every needed stream can be read."""
        # With a wrong account, VTEX may answer every request with 404.
        return self._client.has_answered and all(
            finding.is_ok for finding in self.findings if finding.needed
        )

    def may_read(self, stream: str) -> bool:
        """Whether a checked stream can be read."""
        return all(finding.is_ok for finding in self.findings if finding.stream == stream)

    @property
    def sorted_findings(self) -> list[AccessFinding]:
        """The needed findings, then the others, in the order of the License Manager's menus."""
        return sorted(self.findings, key=lambda one: (not one.needed, one.endpoint.resources[:1]))

    def as_text(self) -> str:
        """A table of needed streams, one of optional ones, and what to do."""
        tables = [
            line
            for needed, head in ((True, "Selected from the start"), (False, "Optional"))
            for line in self._table(head, needed=needed)
        ]
        problems = dict.fromkeys(one.problem for one in self.findings if one.granted is None)
        return "\n".join([*tables, *self.notes, *self._private_notes, *problems, *self._verdict()])

    def _table(self, head: str, *, needed: bool) -> list[str]:
        streams: dict[tuple[str, ...], dict[str, None]] = {}
        for one in self.sorted_findings:
            if one.needed is needed:
                streams.setdefault(one.cells, {})[one.stream] = None
        rows = [(*cells, ", ".join(names)) for cells, names in streams.items()]
        return [head, *table([HEADS, *rows]), ""] if rows else []

    def as_dict(self) -> dict[str, Any]:
        """The findings as JSON, fit for a public report."""
        findings = [one.as_dict() for one in self.sorted_findings]
        return {
            "in_order": self.is_ok,
            "notes": self.notes,
            "refusal_statuses": sorted(self.refusals),
            "findings": findings,
        }

    def _verdict(self) -> list[str]:
        if not self._client.has_answered:
            return [NO_DATA]
        lines = []
        if further := self._not_readable(needed=False):
            lines.append(
                f"The key can't read these optional streams: {', '.join(further)}. Leave them out, "
                "or give the role what the second table names."
            )
        missing = [one for one in self.sorted_findings if one.needed and not one.is_ok]
        if not missing:
            return [*lines, "The key may read every stream that is selected from the start."]
        grants = dict.fromkeys(one.endpoint.how_to_grant for one in missing)
        streams = ", ".join(self._not_readable(needed=True))
        return [*lines, f"The key can't read these streams: {streams}.", *grants]

    def _not_readable(self, *, needed: bool) -> dict[str, None]:
        """The streams that can't be read, in order and without duplicates."""
        return dict.fromkeys(
            one.stream for one in self.sorted_findings if one.needed is needed and not one.is_ok
        )
