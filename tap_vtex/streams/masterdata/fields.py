"""Which fields of an entity a key may read, where VTEX refuses it some of them.

VTEX does not say which field it was that it refused a request for. So the list of names is
halved, until what is left of it is given or is one name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Requests for that at most: enough for a dozen refused fields among three hundred.
MOST_REQUESTS: Final = 150


def readable(names: Sequence[str], may_read: Callable[[Sequence[str]], bool]) -> list[str]:
    """Those of some names that can be asked for.

    With too many refusals among them, names that may be readable are left out, too.
    """
    given: set[str] = set()
    waiting = [names]
    requests = 0
    while waiting and requests < MOST_REQUESTS:
        part = waiting.pop()
        requests += 1
        if may_read(part):
            given.update(part)
        elif len(part) > 1:
            middle = len(part) // 2
            waiting += [part[middle:], part[:middle]]
    return [name for name in names if name in given]
