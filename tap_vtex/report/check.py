"""The access check, ``tap-vtex --check``: which of the selected streams the key may read."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeGuard

from tap_vtex.errors import AccessError, NotFoundError, RefusedError, VtexError
from tap_vtex.report.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_vtex.http.client import VtexClient
    from tap_vtex.http.endpoint import Endpoint

HEADS: Final = ("granted", "product", "category", "resource", "or instead", "without it", "for")
#: Stop asking after this many requests without a response, if nothing was ever answered.
MAX_UNANSWERED: Final = 2


class _Answer(NamedTuple):
    """What VTEX said to one request."""

    #: None if that could not be found out.
    granted: bool | None
    #: The decoded body, if one came.
    body: Any = None
    #: Why there is no body, in words for the user.
    problem: str = ""


@dataclass(frozen=True)
class AccessFinding:
    """Whether the key may read one endpoint for one stream."""

    stream: str
    endpoint: Endpoint[Any]
    path: str
    #: None if that could not be found out.
    granted: bool | None
    #: What the stream does without it; empty if it can't do without.
    fallback: str
    #: What VTEX answered, if it was no data.
    problem: str = ""

    @property
    def is_ok(self) -> bool:
        """Whether the stream can be read as far as this endpoint goes."""
        return self.granted is True or bool(self.granted is False and self.fallback)

    @property
    def cells(self) -> tuple[str, ...]:
        """The table row, without its last column: findings with equal cells share a row."""
        first, *others = self.endpoint.resources
        alternatives = (
            one.name if one[:2] == first[:2] else f"{one.name} ({one.product}, {one.category})"
            for one in others
        )
        granted = {True: "yes", False: "NO", None: "?"}[self.granted]
        fallback = self.fallback if self.granted is False else ""
        return (granted, *first, ", ".join(alternatives), fallback)

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON."""
        return {
            "stream": self.stream,
            "path": self.path,
            "granted": self.granted,
            "without": self.fallback,
            "resources": [resource._asdict() for resource in self.endpoint.resources],
            "trouble": self.problem,
            "in_order": self.is_ok,
        }


class Check:
    """Requests what streams need, once each, and collects the findings."""

    def __init__(self, client: VtexClient) -> None:
        self.findings: list[AccessFinding] = []
        self.notes: list[str] = []
        #: The stream that is being checked.
        self.stream = ""
        self._client = client
        self._answers: dict[tuple[str, str], _Answer] = {}
        #: Problems so far; None once anything was answered.
        self._unanswered: list[str] | None = []

    def ask(
        self,
        endpoint: Endpoint[Any],
        *ids: object,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        fallback: str = "",
    ) -> Any:  # noqa: ANN401 - JSON can be anything
        """Request an endpoint, unless that was done before.

        Args:
            endpoint: What to request.
            ids: What to put into its path.
            params: The query.
            headers: Further headers.
            fallback: What the stream does if the key may not read this: half a sentence.

        Returns:
            The decoded body, None if there is none.
        """
        path = self._client.path_to(endpoint, *ids)
        key = (path, str(params))
        if key not in self._answers:
            self._answers[key] = self._ask(endpoint, *ids, params=params, headers=headers)
        answer = self._answers[key]
        self.findings.append(
            AccessFinding(self.stream, endpoint, path, answer.granted, fallback, answer.problem)
        )
        return answer.body

    def _ask(self, endpoint: Endpoint[Any], *ids: object, **options: Any) -> _Answer:  # noqa: ANN401
        if self._unanswered and len(self._unanswered) >= MAX_UNANSWERED:
            return _Answer(None, problem=self._unanswered[-1])
        endpoint = replace(endpoint, validate=_anything)
        retry_for = self._client.policy.retry_check_for
        try:
            response = self._client.get(endpoint, *ids, retry_for=retry_for, **options)
            answer = _Answer(granted=True, body=response.body)
        except AccessError as error:
            answer = _Answer(granted=False, problem=str(error))
        except NotFoundError:
            answer = _Answer(granted=True)  # the key may read it, though there is nothing
        except RefusedError as error:
            answer = _Answer(None, problem=f"VTEX refused the request (status {error.status})")
        except VtexError as error:
            if self._unanswered is not None:
                self._unanswered.append(str(error))
            return _Answer(None, problem=str(error))
        self._unanswered = None
        return answer

    def note(self, sentence: str) -> None:
        """Add a sentence that is not about access."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    @property
    def is_ok(self) -> bool:
        """Whether every stream can be read."""
        return all(finding.is_ok for finding in self.findings)

    @property
    def in_order_of_clicks(self) -> list[AccessFinding]:
        """The findings in the order in which an administrator meets their resources."""
        return sorted(self.findings, key=lambda finding: finding.endpoint.resources[:1])

    def as_text(self) -> str:
        """The findings as a table, with what to do."""
        streams: dict[tuple[str, ...], dict[str, None]] = {}
        for one in self.in_order_of_clicks:
            streams.setdefault(one.cells, {})[one.stream] = None
        rows = [(*cells, ", ".join(names)) for cells, names in streams.items()]
        problems = dict.fromkeys(one.problem for one in self.findings if one.granted is None)
        return "\n".join([*table([HEADS, *rows]), "", *self.notes, *problems, self._verdict()])

    def as_json(self) -> str:
        """The findings for a program."""
        findings = [one.as_dict() for one in self.in_order_of_clicks]
        verdict = {"in_order": self.is_ok, "notes": self.notes, "findings": findings}
        return json.dumps(verdict, indent=2, ensure_ascii=False)

    def _verdict(self) -> str:
        if self.is_ok:
            return "The key may read everything that is selected."
        if not any(one.granted for one in self.findings):
            return (
                "VTEX gave no data at all: check account_name, app_key and app_token, and that the "
                "key is active and has the role."
            )
        missing = [one for one in self.in_order_of_clicks if not one.is_ok]
        grants = dict.fromkeys(one.endpoint.how_to_grant for one in missing)
        streams = ", ".join(dict.fromkeys(one.stream for one in missing))
        return "\n".join([f"The key can't read these streams: {streams}.", *grants])


def _anything(body: object) -> TypeGuard[Any]:  # noqa: ARG001
    return True
