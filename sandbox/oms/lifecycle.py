"""What becomes of an order: its states follow from its number and the time."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any, Literal

from sandbox.clock import DAY, HOUR, MINUTE, SECOND

#: What a person or a system does to an order by way of the sandbox's controls.
Action = Literal["touch", "approve", "cancel", "invoice", "return", "remove_item", "track"]


@dataclass(frozen=True, slots=True)
class State:
    """An order at a moment."""

    status: str | None
    last_change: int
    authorized: int | None = None
    invoiced: int | None = None
    canceled: int | None = None
    returned: int | None = None
    item_removed: int | None = None
    tracked: int | None = None
    message: str | None = None


def life(seed: int, number: int, created: int) -> list[State]:
    """The states of a complete order, from its creation on, in the order of time."""
    dice = random.Random(f"life {seed} {number}")
    states = [State("payment-pending", created)]
    fate = dice.random()
    if fate < 0.02:  # never paid, never cancelled
        return states
    if fate < 0.07:  # a bank slip that nobody paid
        at = created + dice.randrange(3 * DAY, 5 * DAY)
        return [*states, State("canceled", at, canceled=at)]
    paid = created + (
        dice.randrange(2 * SECOND, 10 * MINUTE) if fate < 0.85 else dice.randrange(HOUR, 3 * DAY)
    )
    states.append(State("payment-approved", paid, authorized=paid))
    if fate < 0.10:  # the buyer thought better of it
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
    if fate > 0.97:  # sent back
        at = invoiced + dice.randrange(5 * DAY, 25 * DAY)
        states.append(State("invoiced", at, authorized=paid, invoiced=invoiced, returned=at))
    return states


#: The longest that it takes from an order's creation to its payment and its invoice.
LONGEST_LIFE = 12 * DAY


def completed_later(seed: int, number: int, created: int) -> int | None:
    """When an order that was left incomplete is completed after all; None for most."""
    dice = random.Random(f"incomplete {seed} {number}")
    return created + dice.randrange(5 * MINUTE, 2 * DAY) if dice.random() < 0.1 else None


def life_of_incomplete(seed: int, number: int, created: int) -> list[State]:
    """The states of an order that was left incomplete, from its creation on."""
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
    """The state of an order after something was done to it."""
    changes: dict[Action, dict[str, Any]] = {
        "touch": {"message": f"Mensagem número {at}"},
        "approve": {"status": "payment-approved", "authorized": at},
        "cancel": {"status": "canceled", "canceled": at},
        "invoice": {"status": "invoiced", "invoiced": at, "authorized": state.authorized or at},
        "return": {"returned": at},
        "remove_item": {"item_removed": at},
        "track": {"tracked": at},
    }
    # Couriers' news have been seen not to move an order's last change.
    last_change = state.last_change if action == "track" else at
    return replace(state, last_change=last_change, **changes[action])
