from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tap_vtex import dates


@pytest.mark.parametrize(
    ("sent", "emitted"),
    [
        ("2024-02-04T20:09:43.8999580+00:00", "2024-02-04T20:09:43.899958Z"),
        ("2024-02-04T20:09:43.899958+00:00", "2024-02-04T20:09:43.899958Z"),
        ("2025-03-19T21:43:29.7132146Z", "2025-03-19T21:43:29.713214Z"),
        ("2019-02-04T10:29:11+00:00", "2019-02-04T10:29:11.000000Z"),
        ("2017-10-05T11:32:11-0300", "2017-10-05T14:32:11.000000Z"),
        ("2019-02-06T20:46:04.4003606-02:00", "2019-02-06T22:46:04.400360Z"),
        ("2015-11-06T19:10:00", "2015-11-06T19:10:00.000000Z"),
        ("2026-01-01", "2026-01-01T00:00:00.000000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
    ],
)
def test_every_form_that_vtex_has_been_seen_to_send(sent: str, emitted: str) -> None:
    moment = dates.parse(sent)

    assert moment is not None
    assert dates.text(moment) == emitted


@pytest.mark.parametrize(
    "sent",
    ["", " ", "never", "2026-02-30", "12/29", "0001-01-01T00:00:00+05:00", "10000-01-01", None, 7],
)
def test_what_is_no_date(sent: object) -> None:
    assert dates.parse(sent) is None


@given(
    st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31)),  # noqa: DTZ001
    st.integers(-23 * 60, 23 * 60),
)
def test_a_date_of_any_zone_comes_back_as_the_same_moment(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))

    assert dates.parse(moment.isoformat()) == moment


@given(st.lists(st.datetimes(timezones=st.just(UTC)), min_size=2))
def test_texts_sort_like_the_moments(moments: list[datetime]) -> None:
    assert [dates.text(m) for m in sorted(moments)] == sorted(dates.text(m) for m in moments)


@given(st.text())
def test_no_text_at_all_is_more_than_no_date(text: str) -> None:
    assert dates.parse(text) is None or isinstance(dates.parse(text), datetime)


@given(st.text("0123456789-:.TZ+ ", max_size=40))
def test_what_looks_like_a_date_stays_as_it_is_once_it_is_written(text: str) -> None:
    moment = dates.parse(text)

    assert moment is None or dates.parse(dates.text(moment)) == moment


@given(
    st.lists(
        st.tuples(
            st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31)),  # noqa: DTZ001
            st.integers(0, 9),
        ),
        min_size=2,
    )
)
def test_the_seventh_digit_leaves_the_order_of_dates_as_it_is(
    moments: list[tuple[datetime, int]],
) -> None:
    sent = sorted(f"{moment:%Y-%m-%dT%H:%M:%S.%f}{digit}Z".zfill(28) for moment, digit in moments)
    read = [dates.parse(text) for text in sent]

    assert all(read)
    written = [dates.text(moment) for moment in read if moment]
    assert written == sorted(written)
    assert all(text.startswith(one[:26]) for text, one in zip(sent, written, strict=True))


@given(
    st.datetimes(),
    st.sampled_from(
        [
            *("{:%Y-%m-%dT%H:%M:%S.%f}1Z", "{:%Y-%m-%dT%H:%M:%S.%f}Z", "{:%G-W%V-%uT%T.%f}1Z"),
            "{:%Y-%m-%dT%H:%M:%S.%f}1+00:00",
        ]
    ),
    st.dictionaries(st.integers(0, 34), st.sampled_from("0249Tt .,:-+Z"), max_size=2),
)
@example(datetime(2026, 11, 23), "{:%Y-%m-%d}T24:00:00.0000000Z", {})  # noqa: DTZ001
def test_a_date_that_is_cut_off_is_the_one_that_is_parsed(
    moment: datetime, form: str, changes: dict[int, str]
) -> None:
    text = list(form.format(moment))
    for place, letter in changes.items():
        text[place : place + 1] = letter
    sent = "".join(text)

    parsed = dates.parse(sent)
    assert dates.normalized(sent) == (dates.text(parsed) if parsed else None)
