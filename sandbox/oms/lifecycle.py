"""The life of an order: its states, computed from its number and the time."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, get_args

from sandbox.clock import DAY, HOUR, MINUTE, SECOND

#: Actions that change an order's items or value.
Changing = Literal["remove_item", "remove_piece", "substitute", "reweigh", "add_item", "discount"]
#: What the sandbox's controls can do to an order.
Action = Literal["touch", "approve", "cancel", "invoice", "return", "track", "deliver"] | Changing
CHANGES: Final = frozenset(get_args(Changing))


@dataclass(frozen=True, slots=True)
class State:
    """The state of an order."""

    status: str | None
    last_change: int
    authorized: int | None = None
    invoiced: int | None = None
    canceled: int | None = None
    returned: int | None = None
    tracked: int | None = None
    delivered: int | None = None
    message: str | None = None
    #: The store's changes to the items, with their times.
    changes: tuple[tuple[Action, int], ...] = ()

    @property
    def item_removed(self) -> int | None:
        """When the last item was removed; None if it was not."""
        return next((at for action, at in self.changes if action == "remove_item"), None)


def life(seed: int, number: int, created: int) -> list[State]:
    """The successive states of a complete order."""
    dice = random.Random(f"life {seed} {number}")
    states = [State("payment-pending", created)]
    fate = dice.random()
    if fate < 0.02:  # never paid nor canceled
        return states
    if fate < 0.07:  # an unpaid bank slip
        at = created + dice.randrange(3 * DAY, 5 * DAY)
        return [*states, State("canceled", at, canceled=at)]
    paid = created + (
        dice.randrange(2 * SECOND, 10 * MINUTE) if fate < 0.85 else dice.randrange(HOUR, 3 * DAY)
    )
    states.append(State("payment-approved", paid, authorized=paid))
    if fate < 0.10:  # the buyer cancels
        at = paid + dice.randrange(MINUTE, 20 * HOUR)
        return [*states, State("canceled", at, authorized=paid, canceled=at)]
    ready = paid + dice.randrange(30 * MINUTE, 40 * MINUTE)
    handling = ready + dice.randrange(HOUR, 30 * HOUR)
    invoiced = handling + dice.randrange(HOUR, 4 * DAY)
    states += [
        State("ready-for-handling", ready, authorized=paid),
        State("handling", handling, authorized=paid),
        State("invoiced", invoiced, authorized=paid, invoiced=invoiced),
    ]
    if fate > 0.97:  # the buyer returns it
        at = invoiced + dice.randrange(5 * DAY, 25 * DAY)
        states.append(State("invoiced", at, authorized=paid, invoiced=invoiced, returned=at))
    return states


#: The longest time from an order's creation to its payment and invoice.
MAX_LIFE = 12 * DAY


def completed_later(seed: int, number: int, created: int) -> int | None:
    """When an incomplete order is completed later; None for most."""
    dice = random.Random(f"incomplete {seed} {number}")
    return created + dice.randrange(5 * MINUTE, 2 * DAY) if dice.random() < 0.1 else None


def life_of_incomplete(seed: int, number: int, created: int) -> list[State]:
    """The successive states of an incomplete order."""
    states = [State(None, created)]
    completed = completed_later(seed, number, created)
    if completed is not None:
        invoiced = completed + 2 * DAY
        states += [
            State("ready-for-handling", completed, authorized=completed),
            State("invoiced", invoiced, authorized=completed, invoiced=invoiced),
        ]
    return states


def after(state: State, action: Action, at: int) -> State:
    """The state of an order after an action."""
    changes: dict[Action, dict[str, Any]] = {
        "touch": {"message": f"Mensagem número {at}"},
        "approve": {"status": "payment-approved", "authorized": at},
        "cancel": {"status": "canceled", "canceled": at},
        "invoice": {"status": "invoiced", "invoiced": at, "authorized": state.authorized or at},
        "return": {"returned": at},
        "track": {"tracked": at},
        "deliver": {"tracked": state.tracked or at, "delivered": at},
    }
    if action in CHANGES:
        return replace(state, last_change=at, changes=(*state.changes, (action, at)))
    # In real stores, courier updates may leave lastChange unchanged.
    last_change = state.last_change if action in {"track", "deliver"} else at
    return replace(state, last_change=last_change, **changes[action])
