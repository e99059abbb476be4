"""Many single things fetched side by side, of which a few may not be had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

from tap_vtex.errors import NotFoundError, RefusedError, UnavailableError, VtexError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator

    from tap_vtex.workers import Workers

Item = TypeVar("Item")
Found = TypeVar("Found")

#: Things in a row that VTEX fails to give, before that is an outage.
MOST_FAILING: Final = 3


class Fetched(NamedTuple, Generic[Item, Found]):
    """What came of asking for a thing, or the reason why nothing did."""

    item: Item
    found: Found | None = None
    trouble: VtexError | None = None

    @property
    def is_unknown(self) -> bool:
        """Whether VTEX says that there is no such thing."""
        return isinstance(self.trouble, NotFoundError)


def fetch_each(
    workers: Workers,
    ask: Callable[[Item, threading.Event], Found],
    items: Iterable[Item],
    *,
    most_unknown: int | None = None,
) -> Iterator[Fetched[Item, Found]]:
    """Ask for each item; yield what comes, as it comes.

    A thing that VTEX does not know, or does not give however often it is asked, is no
    reason to give up the others; many in a row are. ``most_unknown`` is how many unknown
    ones that takes, where a listed thing should be known.

    Raises:
        AccessError: the key may not see such things.
        UnavailableError, RefusedError: VTEX gives none of them.
    """

    def attempt(item: Item, stop: threading.Event) -> Fetched[Item, Found]:
        try:
            return Fetched(item, ask(item, stop))
        except (NotFoundError, RefusedError, UnavailableError) as trouble:
            return Fetched(item, trouble=trouble)

    unknown = failing = 0
    for _item, fetched in workers.each(attempt, items):
        if fetched.trouble is None:
            unknown = failing = 0
        elif fetched.is_unknown:
            unknown += 1
        else:
            failing += 1
            if failing >= MOST_FAILING:
                raise fetched.trouble
        if most_unknown is not None and unknown >= most_unknown:
            raise UnavailableError(
                f"VTEX lists things, but says of {unknown} of them in a row that it does not know "
                f"them (status 404): something on the way loses the requests. {fetched.trouble}"
            )
        yield fetched
