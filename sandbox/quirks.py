"""How the store behaves where VTEX's documentation is silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass
class Quirks:
    """Behavior that VTEX does not document, or that differs between stores."""

    #: Orders: the response to a page after the thirtieth.
    page_31: Literal["error", "empty", "repeat"] = "error"
    #: Orders: the maximum rows per page; the documentation says 100.
    max_rows: int = 100
    #: Orders: the response to a request for more rows than that.
    large_pages: Literal["clamp", "error"] = "clamp"
    #: Orders: the response to a window that starts more than two years ago.
    beyond_two_years: Literal["empty", "error"] = "empty"
    #: Orders: the longest window in days; None for no limit. A VTEX help page from 2023 says that
    #: searches over more than six months do not work.
    max_window_days: float | None = None
    #: Orders: the response to a longer window.
    long_windows: Literal["empty", "error"] = "error"
    #: Orders: the response to a window without orders. One public script reports getting the
    #: store's latest orders instead.
    empty_window: Literal["empty", "latest"] = "empty"
    #: Orders: the effect of the filter for returned orders. VTEX documents it, but no public code
    #: is known to use it.
    returned_filter: Literal["works", "ignored", "error"] = "works"
    #: Orders: whether rows of the list have the undocumented lastChange.
    rows_have_last_change: bool = True
    #: Orders: whether they show card security codes and full card numbers. VTEX's example of Get
    #: order has a security code; other places are a guess.
    shows_cards: bool = False
    #: Orders: seconds by which Get order lags behind the feed. No such case is known.
    order_lag: float = 0.0
    #: Feed: whether a read returns everything it has room for, or only some, as SQS does.
    feed_reads: Literal["all", "some"] = "some"
    #: Feed: one in this many reads is empty although there are messages; 0 for none.
    feed_empty_one_in: int = 0
    #: Feed: one in this many messages is not hidden after a read, so it comes twice; 0 for none.
    feed_twice_one_in: int = 0
    #: Feed: the case of a configuration's keys when it is read back. VTEX's reference and guide
    #: differ.
    feed_config_keys: Literal["as_sent", "lower", "capital"] = "as_sent"
    #: Feed: whether a configuration includes the number of messages.
    feed_has_quantity: bool = True
    #: The status for a key whose role lacks the resource. OMS has been seen to send 401.
    lacking_access: Literal[401, 403] = 403
    #: Master Data: whether the list of entities includes version 2. The reference shows none.
    lists_version_2: bool = True
    #: Master Data: the largest page size at which a scroll does not time out with 408.
    max_scroll_size: int = 1000
    #: Master Data: the status for an entity that the store does not have.
    unknown_entity: Literal[400, 403, 404] = 404
    #: Master Data: entities that the key may not read.
    forbidden_entities: frozenset[str] = frozenset()
    #: Master Data: fields that the key may not read.
    private_fields: frozenset[str] = frozenset()
    #: Master Data: the status when such a field is refused.
    private_fields_status: Literal[401, 403] = 403
    #: Master Data: the message of that refusal; ``{fields}`` stands for the field's name. VTEX's
    #: store-graphql got "Forbidden access to the fields 'email'" in 2018.
    private_fields_message: str = "Cannot read private fields"
    #: Master Data: fields that can be filtered although the structure says otherwise.
    also_filters: frozenset[str] = frozenset()
    #: Master Data: REST-Content-Range as ``resources=0-10/98``, or with a space for the ``=``.
    content_range_with_equals: bool = True
    #: Master Data: the total that a search announces. The index is known to count too few.
    search_total: Literal["right", "missing", "missing_when_empty", "low"] = "right"
    #: Master Data: a search that finds this many documents or more times out with 408, as
    #: large entities do without filters (known issue 1338401). 0: every search; None: none.
    search_timeout_from: int | None = None
    #: Master Data: whether the account has been allocated to a cluster. If not, every route sends
    #: 500; known issue 1227332 says so for search, and the other routes are a guess.
    has_master_data: bool = True
    #: Master Data: the response to a scroll's page by number, ``_page``. VTEX's guide on pagination
    #: describes it without saying what the first number is; no public use is known. ``ignored``:
    #: the next page; ``overlapping``: from 0, each page starting with the last rows of the one
    #: before; ``live``: from 1, of the index at that time.
    scroll_pages: Literal["from_0", "from_1", "ignored", "refused", "overlapping", "live"] = (
        "from_1"
    )
    #: Master Data: whether a scroll announces a total.
    scroll_has_total: bool = True
    #: Master Data: number of scrolls that find nothing, as in an incident that VTEX describes.
    empty_scrolls: int = 0
    #: Catalog: seconds until a SKU's context shows an edit.
    context_lag: float = 120.0
    #: Catalog: whether product 0 exists, with SKU 0.
    has_product_zero: bool = True
    #: Catalog: the response to a request for more ids per page than the maximum.
    large_id_pages: Literal["clamp", "error"] = "clamp"
    #: Catalog: whether ids in SKU rows are strings, like keys in other lists.
    text_ids_in_rows: bool = False
    #: Catalog: whether a product without SKUs has ``{}`` or ``[]`` for them.
    no_skus: Literal["object", "array"] = "object"
    #: Catalog: whether the category tree includes inactive categories.
    tree_has_inactive: bool = True
    #: Promotions and taxes: whether the archive exists, or is a 404. No such case is known.
    has_promotion_archive: bool = True
    #: Logistics: the response for an unknown SKU.
    stock_of_unknown: Literal["error", "empty"] = "error"
