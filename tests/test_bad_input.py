"""Settings and stores that can't work: a sentence each, and nothing lost."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.roles import READER_ROLE
from tests.support.shop import ORDER, ORDER_LIST, Shop

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.tap import Tap, Target


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    """A store with something of everything, and not much of it."""
    return open_shop(orders=100, days=30, clients=20, skus=12)


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("account_name", None, "The setting account_name is missing"),
        ("account_name", "", "The setting account_name is missing"),
        (
            "account_name",
            "ipe/../cedro",
            "account_name is 'ipe/../cedro', but the name of a VTEX account",
        ),
        (
            "account_name",
            "https://ipe.myvtex.com",
            "Set it to the 'acme' in https://acme.myvtex.com",
        ),
        ("app_key", None, "The setting app_key is missing. Set it to the app key"),
        ("app_token", "  ", "The setting app_token is missing. Set it to the app token"),
        ("app_token", "NOTASECRETNOTASECRET two", "app_token contains spaces or other characters"),
        (
            "app_token",
            "NOTASECRETNOTASECRET\u200b",
            "app_token contains spaces or other characters",
        ),
        ("app_token", "https://vtex.com/NOTASECRETNOTASECRET", "app_token contains a URL"),
        ("app_token", 7, "The setting app_token is missing"),
        ("store_url", "www.acme.com.br", "The setting store_url is not a URL"),
        ("api_url", "ftp://127.0.0.1", "The setting api_url is not a URL"),
        ("start_date", "yesterday", "start_date is 'yesterday', which is not a date"),
        ("stream_maps", ["orders"], "stream_maps has to be an object with the names of streams"),
        ("stream_maps", {"orders": "no"}, "stream_maps has 'no' for orders. Write an object"),
        ("stream_maps", {"orders": {"x": 5}}, "stream_maps has 5 for x of orders. Write an expr"),
        (
            "stream_maps",
            {"orders": {"__alias__": None}},
            "stream_maps has null for __alias__ of orders. Remove that line.",
        ),
        ("start_date", 20260101, "start_date is 20260101, which is not a date"),
        ("account_name", "a" * 64, "but the name of a VTEX account has only letters"),
        ("start_date", "2062-01-01", "The setting start_date is in the future"),
        ("newsletter_entities", "NL", "newsletter_entities has to be a list of entities"),
        (
            "newsletter_entities",
            [{"entity": "NL", "name_feild": "x"}],
            "has an unknown key 'name_feild'. Did you mean name_field? The keys are",
        ),
        *(
            ("master_data_entities", named, f"The setting master_data_entities {sentence}")
            for named, sentence in (
                ("AU", "has to be a list of Master Data entities, like"),
                ([7], "has to be a list of Master Data entities, like"),
                ([{"schema": "v1"}], "has to be a list of Master Data entities, like"),
                ([{"entity": "a", "schema": 1}], "has to be a list of Master Data entities, like"),
                (
                    [{"entity": "a", "shema": "b"}],
                    "has an unknown key 'shema'. Did you mean schema?",
                ),
                (["A B"], "names 'A B', but the name of an entity has up to 60 letters"),
                (["../CL"], "names '../CL', but the name of an entity has"),
                (["orçamento"], "names 'orçamento', but the name of an entity has"),
                (["--", "a" * 61], f"names '{'a' * 61}', but the name of an entity has"),
                (["a\nb"], r"names 'a\nb', but the name of an entity has"),
                (
                    ["Wish-list", "wish_list"],
                    "names Wish-list and wish_list, which would both be the stream md_wish_list.",
                ),
                (
                    ["b2b", {"entity": "b2b", "schema": "v1"}],
                    "names b2b and b2b (schema v1), which would both be the stream md_b2b.",
                ),
            )
        ),
        ("end_date", "2026-02-30", "end_date is '2026-02-30', which is not a date"),
        ("end_date", "2026-01-01", "end_date has to be later than start_date"),
        ("max_workers", 0, "max_workers is 0, but has to be a whole number from 1 to 128"),
        ("max_workers", "16", "max_workers is '16', but has to be a whole number"),
        ("max_workers", True, "max_workers is True, but has to be a whole number"),
        ("requests_per_minute", 0.5, "requests_per_minute is 0.5, but has to be a whole number"),
        ("starts_date", "2026-01-01", "no setting starts_date. Did you mean start_date? Correct"),
        ("foo", 1, "There is no setting foo. Correct or remove it."),
        ("lookback_days", -1, "lookback_days is -1, but has to be a whole number from 0"),
        ("orders_feed", "yes", "orders_feed has to be true or false"),
    ],
)
def test_a_wrong_setting_is_refused_before_the_first_request(
    tap: Tap, shop: Shop, setting: str, value: Any, sentence: str
) -> None:
    config = shop.config(start_date="2026-06-01") | {setting: value}
    if value is None:
        del config[setting]

    run = tap.run(config, expect=1)

    assert sentence in run.log
    assert "Traceback" not in run.log
    assert not run.lines
    assert not shop.requests()


def test_all_that_is_wrong_is_said_at_once(tap: Tap) -> None:
    run = tap.run({"max_workers": 0}, expect=1)

    for setting in ("account_name", "app_key", "app_token", "max_workers"):
        assert f"The setting {setting}" in run.log


def test_the_environment_may_have_the_settings(tap: Tap, shop: Shop) -> None:
    env = {f"TAP_VTEX_{name.upper()}": str(value) for name, value in shop.config().items()}
    env |= {"TAP_VTEX_STARTS_DATE": "2026-01-01", "TAP_VTEX_LOGLEVEL": "INFO"}
    more, select = ["--config=ENV"], {"coupons"}

    run = tap.run({}, env=env, select=select, more=more)
    assert run.records("coupons")
    assert "TAP_VTEX_STARTS_DATE is ignored: there is no setting starts_date. Did you" in run.log
    assert "TAP_VTEX_LOGLEVEL is" not in run.log

    run = tap.run({}, env={**env, "TAP_VTEX_MAX_WORKERS": "x"}, more=more, expect=1)
    assert "A setting in the environment can't be read. Write numbers in digits" in run.log


def test_a_date_that_meltano_reads_with_the_month_first(tap: Tap, shop: Shop) -> None:
    """It hands over what it has made of it, and leaves in the environment what was written."""
    env = {"TAP_VTEX_START_DATE": "01/02/2026"}
    config = shop.config(start_date="2026-01-02T00:00:00")
    log = tap.run(config, env=env, select={"coupons"}).log
    assert "is 01/02/2026, which Meltano reads with the month first: as 02 January 2026." in log


def test_dates_may_be_days_and_settings_may_be_empty(tap: Tap, shop: Shop) -> None:
    config = shop.config(start_date="2026-11-20", end_date="", store_url="", api_url=shop.url + "/")

    run = tap.run(config, select={"orders"})

    assert run.records("orders")


@pytest.mark.parametrize("option", ["--config", "--state", "--catalog"])
def test_a_file_that_is_no_json(tap: Tap, shop: Shop, tmp_path: Path, option: str) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{")

    run = tap.run(shop.config(), more=[option, str(broken)], expect=2)

    assert f"Invalid value for {option}" in run.log.replace("'", "")
    assert "Traceback" not in run.log


def test_a_config_file_that_is_not_there(tap: Tap, shop: Shop) -> None:
    run = tap.run(shop.config(), more=["--config", "nowhere.json"], expect=2)

    assert "'nowhere.json' was not found" in run.log
    assert "Traceback" not in run.log


@pytest.mark.parametrize(
    "state",
    [
        {"bookmarks": []},
        {"bookmarks": {"orders": []}},
        {"bookmarks": {"orders": {"partitions": {}}}},
        {"bookmarks": {"orders": {"partitions": [7]}}},
        [],
    ],
)
def test_a_state_of_another_shape(tap: Tap, shop: Shop, tmp_path: Path, state: Any) -> None:
    path = tmp_path / "state.json"
    path.write_text(json.dumps(state))

    run = tap.run(shop.config(), more=["--state", str(path)], expect=2)

    assert "Invalid value for --state: this is not the state of a Singer tap" in run.log
    assert "Traceback" not in run.log


def test_an_account_that_vtex_does_not_know(tap: Tap, shop: Shop) -> None:
    shop.fail("status", status=404, html=True, times=None)

    run = tap.run(shop.config(), expect=1)

    assert "(status 404). If no stream works, check account_name" in run.log
    assert "Traceback" not in run.log


def test_wrong_credentials(tap: Tap, shop: Shop, target: Target) -> None:
    tap.sync(shop.config(), target)
    before = target.state

    run = tap.sync(shop.config(app_token="WRONG"), target, expect=1)  # noqa: S106

    assert run.reason.startswith("VTEX does not accept the key (status 401). Check account_name,")
    assert "failed:" not in run.log
    assert "Traceback" not in run.log
    assert "WRONG" not in run.log
    assert not run.records("orders")
    assert target.state == before


@pytest.mark.parametrize("status", [401, 403])
def test_a_role_that_may_not_list_orders(tap: Tap, shop: Shop, status: Any) -> None:
    shop.store.granted = {"View order", "Manage benefits and rates"}
    shop.store.quirks.lacking_access = status

    run = tap.run(shop.config(), expect=1)

    assert f"VTEX refused the key for GET {ORDER_LIST} (status {status})" in run.log
    assert "'List Orders' (product OMS, category OMS access)" in run.log


def test_a_role_that_may_list_orders_and_not_view_them(tap: Tap, shop: Shop) -> None:
    shop.store.granted = {"List Orders"}

    run = tap.run(shop.config(), expect=1)

    assert "'View order' (product OMS, category OMS access)" in run.log
    assert shop.requests()[ORDER] <= 2 * 16 * 2


def test_a_login_page_in_place_of_data(tap: Tap, shop: Shop) -> None:
    shop.fail("html", times=None)

    run = tap.run(shop.config(), select={"orders"}, expect=1, hurry=True)

    assert "a web page instead of data (status 200)" in run.log
    assert "check app_key, app_token and the key's role" in run.log
    assert "Traceback" not in run.log


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"api_url": None, "account_name": "no-such-store"},
            "Cannot resolve no-such-store.vtexcommercestable.com.br: check account_name",
        ),
        ({"api_url": "http://127.0.0.1:9"}, "No connection"),
    ],
)
def test_a_store_that_does_not_exist(
    tap: Tap, shop: Shop, settings: dict[str, Any], sentence: str
) -> None:
    run = tap.run(shop.config(**settings), select={"orders"}, expect=1, hurry=True)

    assert f"{sentence}. VTEX has answered nothing in this run" in run.log
    assert "Traceback" not in run.log


def test_all_that_is_selected_is_refused(tap: Tap, shop: Shop) -> None:
    shop.store.granted = {"View order"}

    run = tap.run(shop.config(), select={"orders", "coupons"}, expect=1)

    assert run.reason.startswith("The key's role opens none of the selected streams. VTEX refused")
    assert "the resource 'List Orders' (product OMS, category OMS access)" in run.reason


def test_the_last_line_says_why_a_run_is_incomplete(tap: Tap, shop: Shop) -> None:
    """It is all that `meltano config test` shows."""
    shop.store.granted = {"List Orders", "Manage benefits and rates"}
    run = tap.run(shop.config(), select={"orders", "coupons"}, expect=1)
    assert "streams failed: orders." in run.reason
    assert "Give the key's role the resource 'View order'" in run.reason

    run = tap.run(shop.config(app_key="", max_workers=0), expect=1)
    assert "The setting app_key is missing" in run.reason
    assert "The setting max_workers is 0" in run.reason


def test_a_misspelt_account_is_told_in_seconds(tap: Tap, shop: Shop) -> None:
    began = time.monotonic()
    run = tap.run(shop.config(api_url=None, account_name="no-such-store"), expect=1)
    assert time.monotonic() - began < 20
    assert run.reason.startswith("Cannot resolve no-such-store.vtexcommercestable.com.br: check")
    assert run.log.count("Cannot resolve") <= 2  # for the columns, and for the run


def test_the_usual_role_reads_all_that_is_selected_from_the_start(tap: Tap, shop: Shop) -> None:
    """Also without Meltano, which has a selection of its own."""
    shop.store.granted = set(READER_ROLE)

    run = tap.run(shop.config(), every=False)

    assert run.records("orders")
    assert not run.records("sellers")


def test_a_log_has_only_what_a_person_reads(tap: Tap, shop: Shop) -> None:
    run = tap.run(shop.config())
    assert "METRIC" not in run.log
    assert "Skipping parse" not in run.log
    run = tap.run(shop.config(), select={"coupons"}, env={"TAP_VTEX_LOGLEVEL": "DEBUG"})
    assert "METRIC" in run.log


def test_a_redirect_is_not_followed(tap: Tap, shop: Shop, target: Target) -> None:
    """It would carry the key to wherever it points."""
    shop.fail("redirect", ORDER_LIST, times=2)

    run = tap.sync(shop.config(), target, select={"orders"}, hurry=True)

    assert "a redirect (status 302), which the tap does not follow" in run.log
    assert target.table("orders", "orderId").keys() == shop.orders().keys()
