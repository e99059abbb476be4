from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_vtex.http import bodies

if TYPE_CHECKING:
    from collections.abc import Callable


class Head(msgspec.Struct):
    a: Any = None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_characters="\0")),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=9,
    )
)
def test_json_is_read_as_it_is(value: object) -> None:
    try:
        content = json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    if b"\\u0000" not in content:
        assert bodies.decode(content) == value


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b'{"a": "tab\there\x01"}', {"a": "tab\there\x01"}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": "caf\xe9"}', {"a": "caf\ufffd"}),
        (b'["\\ud800"]', ["\ufffd"]),
        (b'{"a\\u0000b": ["c\\u0000"]}', {"ab": ["c"]}),
        (b'{"a": "{]}", "b": ["}"]}', {"a": "{]}", "b": ["}"]}),
        (b'{"a": ' + b"9" * 5000 + b"}", {"a": "9" * 5000}),
        (b'{"a": 123456789012345678901234567890}', {"a": 123456789012345678901234567890}),
    ],
)
def test_what_only_looks_like_json_is_read_as_well(content: bytes, value: object) -> None:
    assert bodies.decode(content) == value
    one = bodies.Undecoded(content, Head)
    assert one.decode() == value
    assert one.head.a == (value.get("a") if isinstance(value, dict) else None)


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"<html>", b'{"a": ', b'{"a": "caf', b"No authorized"),
        b"[" * 101 + b"]" * 101,
        b'[{"b": [1, {}]}, ' + b'{"a":' * 101 + b"1" + b"}" * 101 + b"]",
    ],
)
def test_what_is_no_json(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of whatever kind
        bodies.decode(content)
    with pytest.raises(ValueError):  # noqa: PT011 - of whatever kind
        bodies.Undecoded(content, Head)


ROWS = rb'[{"a":"x","b":[1,2.5e3,true,null,"\u00e9\n"]},{"b":{"c":"\ud800"}}]'
WORSE_ROWS = rb'[{"a":"\u0000"},null,{"b":{"c":"\u00e9"}},"a"]'


@given(st.data())
def test_rows_are_what_the_whole_list_holds(data: st.DataObject) -> None:
    """Also if the list is damaged: what can't be read is refused at once, not at a row."""
    content = bytearray(data.draw(st.sampled_from([ROWS, WORSE_ROWS])))
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 2))] = data.draw(
            st.sampled_from([b"", b"0", b"e", b'"', b"\\", b"{", b"]", b",", b"\0", b"\xff"])
        )

    rows = read(lambda one: bodies.undecoded_rows(one, Head), bytes(content))

    whole = read(bodies.decode, bytes(content))
    if not isinstance(whole, list):
        assert rows == whole
        return
    documents = [row if isinstance(row, dict) else None for row in whole]
    assert [row and bodies.decode_checked(row[1]) for row in rows] == documents
    assert [row[0].a for row in rows if row] == [
        one.get("a") for one in documents if one is not None
    ]


def read(decode: Callable[[bytes], Any], content: bytes) -> Any:
    """What a body is read as; the kind of error if it is no JSON."""
    try:
        return decode(content)
    except ValueError:
        return ValueError
