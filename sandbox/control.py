"""The sandbox's own routes, for tests and demonstrations to change the store."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

import msgspec
from aiohttp import web

from sandbox.clock import DAY, HOUR, SECOND
from sandbox.faults import Fault
from sandbox.oms.book import Order, Window
from sandbox.oms.routes import order_document
from sandbox.quirks import Quirks
from sandbox.responses import STORE, json_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.store import Store

PREFIX = "/_sandbox/"

T = TypeVar("T")

routes = web.RouteTableDef()


@routes.get(PREFIX + "requests")
async def requests(request: web.Request) -> web.Response:
    """The number of requests to each of VTEX's routes, and the maximum in any minute."""
    store = request.app[STORE]
    return json_response({"by_route": store.requests, "most_in_a_minute": store.pace.peak})


@routes.delete(PREFIX + "requests")
async def forget_requests(request: web.Request) -> web.Response:
    """Reset the counters."""
    store = request.app[STORE]
    store.requests.clear()
    store.pace.peak = 0
    return json_response({})


@routes.post(PREFIX + "settings")
async def change_settings(request: web.Request) -> web.Response:
    """Change what the body names: latency, rate limit, role or quirks.

    ``{"latency": 0.1, "quirks": {"page_31": "empty"}, "entities": {"CL": {"undated_one_in":
    2}}}``. Returns all quirks.
    """
    store = request.app[STORE]
    body: dict[str, Any] = await request.json()
    if "granted" in body:
        granted = body.pop("granted")
        store.granted = None if granted is None else set(granted)
    if "requests_per_minute" in body:
        store.pace.per_minute = body.pop("requests_per_minute")
    for name, value in body.pop("quirks", {}).items():
        _set(store.quirks, name, _typed(Quirks, name, value))
    for acronym, fields in body.pop("entities", {}).items():
        for name, value in fields.items():
            _set(store.entities[acronym], name, value)
    for name, value in body.items():
        _set(store, name, value)
    return json_response(asdict(store.quirks))


def _typed(kind: type, name: str, value: object) -> object:
    """Convert a value to the type of a dataclass's field, such as a list to a set."""
    try:
        return msgspec.convert(value, get_type_hints(kind).get(name, Any))
    except msgspec.ValidationError as error:
        raise web.HTTPBadRequest(text=f"{name}: {error}") from None


def _set(thing: object, name: str, value: object) -> None:
    if not hasattr(thing, name):
        raise web.HTTPBadRequest(text=f"There is no setting {name}")
    setattr(thing, name, value)


@routes.post(PREFIX + "clock")
async def set_clock(request: web.Request) -> web.Response:
    """Set the store's clock forward by a number of seconds."""
    store = request.app[STORE]
    store.clock.advance((await request.json())["advance"])
    return json_response({})


@routes.post(PREFIX + "faults")
async def add_faults(request: web.Request) -> web.Response:
    """Add a list of faults; see `sandbox.faults.Fault`."""
    try:
        faults = msgspec.json.decode(await request.read(), type=list[Fault])
    except msgspec.ValidationError as error:
        raise web.HTTPBadRequest(text=str(error)) from None
    request.app[STORE].faults.extend(faults)
    return json_response({})


@routes.delete(PREFIX + "faults")
async def remove_faults(request: web.Request) -> web.Response:
    """Remove all faults."""
    request.app[STORE].faults.clear()
    return json_response({})


@routes.get(PREFIX + "orders")
async def truth(request: web.Request) -> web.StreamResponse:
    """Every order as it is now, one JSON document per line."""
    store = request.app[STORE]
    incomplete = request.query.get("incomplete") == "true"
    response = web.StreamResponse()
    await response.prepare(request)
    now = store.clock.now()
    for order in store.book.everything(now, incomplete=incomplete):
        line = msgspec.json.encode(order_document(store, order, now))
        await response.write(line + b"\n")
    return response


@routes.post(PREFIX + "orders")
async def act_on_orders(request: web.Request) -> web.Response:
    """Change orders, or how the list shows them.

    The body has an ``action`` and either ``order_ids`` or a ``count``: the number of complete
    orders to pick, evenly spread over the last ``days``, from those untouched by earlier
    actions. Returns their ids.
    """
    store = request.app[STORE]
    body = await request.json()
    now = store.clock.now()
    chosen = _chosen(store, body, now)
    action = body["action"]
    for order in chosen:
        if action == "hide":  # the list does not show it for some seconds
            store.book.late[order] = now + int(body["seconds"] * SECOND)
        elif action == "freeze":  # the list keeps showing it as it is now
            store.book.stale[order] = now - store.book.index_delay
        elif action == "thaw":
            store.book.stale.pop(order, None)
        elif action == "lose":  # listed, but Get order returns 404
            store.book.phantoms.add(order)
        elif action == "break":  # listed, but Get order returns this error
            store.book.broken[order] = body["status"]
        else:
            store.book.actions.setdefault(order, []).append((now, action))
    return json_response([order.order_id for order in chosen])


def _chosen(store: Store, body: dict[str, Any], now: int) -> list[Order]:
    if "order_ids" in body:
        found = [Order.of_id(order_id) for order_id in body["order_ids"]]
        return [order for order in found if order is not None]
    window = Window(now - int(body.get("days", 60) * DAY), now)
    orders = [
        order
        for order in store.book.select(window, {}, now, incomplete=False).orders
        if order not in store.book.actions
    ]
    return _sample(orders, body["count"])


def _sample(things: list[T], count: int) -> list[T]:
    """Pick ``count`` things, evenly spread over a list."""
    return things[:: max(1, len(things) // count)][:count]


@routes.post(PREFIX + "documents")
async def act_on_documents(request: web.Request) -> web.Response:
    """Change documents of Master Data, or how its index shows them.

    The body has an ``entity``, an ``action`` and either ``ids`` or a ``count``: the number of
    documents to pick, evenly spread. Returns their ids.
    """
    store = request.app[STORE]
    body: dict[str, Any] = await request.json()
    entity, now = store.entities[body["entity"]], store.clock.now()
    numbers = {entity.document_id(n): n for n in range(entity.history.since(now))}
    chosen: list[str] = body.get("ids") or _sample(
        [entity.document_id(number) for number in entity.numbers(now)], body["count"]
    )
    if unknown := [one for one in chosen if one not in numbers]:
        raise web.HTTPBadRequest(text=f"There are no documents {unknown}")
    for number in (numbers[one] for one in chosen):
        match body["action"]:
            case "edit":
                entity.edits.setdefault(number, []).append((now, body["fields"]))
            case "delete":
                entity.deleted[number] = now
            case "hide":  # the index does not show it for some seconds
                entity.late[number] = now + int(body["seconds"] * SECOND)
            case "freeze":  # the index keeps showing it as it is now
                entity.stale[number] = now - 1  # without changes in this tick
            case "thaw":
                entity.stale.pop(number, None)
            case "double":  # the index holds it twice
                entity.twice.add(number)
            case "rename":
                entity.chosen_ids[number] = body["id"]
            case action:
                raise web.HTTPBadRequest(text=f"There is no action {action}")
    return json_response(chosen)


@routes.post(PREFIX + "catalog")
async def act_on_catalog(request: web.Request) -> web.Response:
    """Change products, SKUs, categories, prices, stock, promotions, taxes or coupons.

    The body has an ``action`` from the list below, and the ``id`` and ``fields`` it needs:
    ``{"action": "edit_sku", "id": 5, "fields": {"IsActive": false}}``. ``ahead`` dates the
    change that many hours ahead of the clock; ``quietly`` leaves the date of change unchanged
    (promotions, taxes and coupons only). Returns the id of what was added, or null.
    """
    store = request.app[STORE]
    body: dict[str, Any] = await request.json()
    dated = store.clock.now() + int(body.get("ahead", 0) * HOUR)
    action = _actions(store, None if body.get("quietly") else dated).get(body["action"])
    if action is None:
        raise web.HTTPBadRequest(text=f"There is no action {body['action']}")
    try:
        made = action(body.get("id"), body.get("fields", {}))
    except (KeyError, TypeError, ValueError) as error:
        raise web.HTTPBadRequest(text=f"{body['action']}: {error}") from None
    return json_response({"id": made})


def _actions(store: Store, dated: int | None) -> dict[str, Callable[[Any, dict[str, Any]], object]]:
    """The actions by name; each takes an id and fields."""
    now = store.clock.now()
    catalog, promotions, coupons = store.catalog, store.promotions, store.coupons
    return {
        "edit_product": lambda key, fields: catalog.edit_product(key, now, **fields),
        "edit_sku": lambda key, fields: catalog.edit_sku(key, now, dated=dated, **fields),
        # Fields: {"skus": 3}. The id is optional.
        "add_product": lambda key, fields: catalog.add_product(now, product_id=key, **fields),
        "add_sku": lambda key, _: catalog.add_sku(key, now),  # the product's id
        # Fields: {"product_id": 3}.
        "move_sku": lambda key, fields: catalog.move_sku(key, at=now, **fields),
        "delete_product": lambda key, _: catalog.delete_product(key),
        "delete_sku": lambda key, _: catalog.delete_sku(key),
        # The parent's id; fields: {"name": "Meias"}.
        "add_category": lambda key, fields: catalog.add_category(key, fields["name"]),
        "edit_category": lambda key, fields: catalog.edit_category(key, **fields),
        "set_price": lambda key, fields: store.pricing.set_price(key, **fields),
        "remove_price": lambda key, _: store.pricing.remove_price(key),
        # Fields: {"warehouse_id": "1_1", "total": 5}.
        "set_stock": lambda key, fields: store.logistics.set_stock(key, **fields),
        "edit_promotion": lambda key, fields: promotions.edit_promotion(key, dated, **fields),
        "add_promotion": lambda _, __: promotions.add_promotion(now),
        "archive_promotion": lambda key, _: promotions.archive_promotion(key, dated),
        "edit_tax": lambda key, fields: store.taxes.edit_promotion(key, dated, **fields),
        "edit_coupon": lambda key, fields: coupons.edit_coupon(key, dated, **fields),
        "add_coupon": lambda _, __: coupons.add_coupon(now),
    }
