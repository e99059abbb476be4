"""The tap: its settings, its streams, and its command line."""

from __future__ import annotations

import json
import logging
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn

import click
from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities

from tap_vtex.check import check as check_streams
from tap_vtex.client import Patience, VtexClient
from tap_vtex.errors import VtexError, without_values
from tap_vtex.output import MessageWriter
from tap_vtex.problems import problems
from tap_vtex.settings import SETTINGS, Settings, entities_in
from tap_vtex.shutdown import Shutdown
from tap_vtex.streams.base import VtexStream
from tap_vtex.streams.catalog import (
    BrandsStream,
    CategoriesStream,
    ProductsStream,
    SalesChannelsStream,
    SellersStream,
    SkusStream,
)
from tap_vtex.streams.logistics import InventoryStream, WarehousesStream
from tap_vtex.streams.masterdata import (
    AddressesStream,
    CartsStream,
    ClientsStream,
    EntityStream,
    NewsletterStream,
)
from tap_vtex.streams.masterdata.structure import fields_of
from tap_vtex.streams.orders import IncompleteOrdersStream, OrderItemsStream, OrdersStream
from tap_vtex.streams.pricing import PricesStream
from tap_vtex.streams.promotions import CouponsStream, PromotionsStream
from tap_vtex.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from singer_sdk import Stream
    from singer_sdk.helpers.capabilities import CapabilitiesEnum
    from singer_sdk.plugin_base import _ConfigInput


#: Those with a request for each SKU last, so that they keep nothing waiting.
AFTER_MASTER_DATA: Final = (
    *(ProductsStream, SkusStream, CategoriesStream, BrandsStream, SalesChannelsStream),
    *(SellersStream, PromotionsStream, CouponsStream, WarehousesStream),
    *(PricesStream, InventoryStream),
)

# What the SDK says there at DEBUG holds the values that filters of stream maps come to.
logging.getLogger("singer_sdk.mapper").addFilter(lambda told: told.levelno > logging.DEBUG)


class TapVTEX(Tap):
    """Singer tap for VTEX, the e-commerce platform."""

    name = "tap-vtex"
    package_name = "tap-vtex"
    config_jsonschema = SETTINGS
    patience = Patience()
    #: Of the process, which signals end.
    shutdown = Shutdown()

    # BATCH would let the state run ahead of the data. ACTIVATE_VERSION has targets delete
    # rows that a partial pass, or one of another store, did not send.
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.DISCOVER,
        TapCapabilities.STATE,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    def __init__(self, *, offline: bool = False, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's
        """Make a tap; ``offline`` keeps it from asking VTEX for the store's own fields."""
        self._offline = offline
        self.failures: dict[str, VtexError] = {}
        self.summary = Summary()
        self.shutdown.report = self._report_signal
        super().__init__(message_writer=MessageWriter(self.shutdown), **kwargs)

    # -- streams -------------------------------------------------------------------------

    def discover_streams(self) -> Sequence[Stream]:
        """All streams, in the order in which a run reads them.

        No setting and no network is needed; with them, the fields that the store added to
        its clients and addresses have columns of their own.
        """
        found: list[Stream] = [
            OrdersStream(self),
            OrderItemsStream(self),
            IncompleteOrdersStream(self),
            CartsStream(self),
            ClientsStream(self, "CL", "clients", self._fields_of("CL")),
            AddressesStream(self, "AD", "addresses", self._fields_of("AD")),
            NewsletterStream(self),
        ]
        for acronym in entities_in(self.config):
            name = f"md_{acronym.lower()}"
            found.append(EntityStream(self, acronym, name, self._fields_of(acronym)))
        found += [stream(self) for stream in AFTER_MASTER_DATA]
        self._order = [stream.name for stream in found]
        return found

    @cached_property
    def streams(self) -> dict[str, Stream]:
        """The streams by name, in the order in which a run reads them.

        The SDK sorts them by name, which would keep the orders waiting.
        """
        by_name = super().streams
        return {name: by_name[name] for name in self._order}

    def _fields_of(self, acronym: str) -> list[tuple[str, str]]:
        """An entity's fields as the store has them; none where that is not to be known.

        With a catalog, that is where the columns come from, and VTEX is not asked.
        """
        if self._offline or self.input_catalog is not None or any(problems(self._config)):
            return []
        try:
            return fields_of(self.client, acronym)
        except VtexError as error:
            self.logger.warning(
                "The fields that the store added to the entity %s are not known, and have no "
                "columns of their own: they are in custom_fields. %s",
                acronym,
                error,
            )
            return []

    @cached_property
    def settings(self) -> Settings:
        """The settings, which validation has found to be right."""
        return Settings.read(self.config)

    @cached_property
    def client(self) -> VtexClient:
        """The one way to VTEX, shared by all streams."""
        return VtexClient(
            self.settings, self.logger, patience=self.patience, shutdown=self.shutdown
        )

    # -- a run ---------------------------------------------------------------------------

    def note_failure(self, streams: Sequence[str], error: VtexError) -> None:
        """Take note that streams ended before their time; the run goes on without them."""
        self.failures |= dict.fromkeys(streams, error)
        self.logger.error("Stream %s ended before its time. %s", " and ".join(streams), error)

    def run(self) -> None:
        """Read all selected streams, and leave with the exit code that the outcome has."""
        for stream in self.streams.values():
            if stream.selected:
                read_by = getattr(stream.parent_stream_type, "name", stream.name)
                self.summary.expect(stream.name, read_by)
        try:
            self.sync_all()
        except BrokenPipeError:
            self.logger.error("The target has gone: the tap's output leads nowhere.")  # noqa: TRY400
            sys.exit(1)
        except Exception as error:  # noqa: BLE001 - whose text must not reach the log
            self._end_by_mistake(error)
        if self.failures:
            self.logger.error(
                "The run is incomplete: %s ended before %s time. What was read stays, and the next "
                "run goes on from there.",
                ", ".join(self.failures),
                "its" if len(self.failures) == 1 else "their",
            )
        self._summarize()
        if self.failures:
            sys.exit(1)

    def check_access(self, output: str | None) -> None:
        """Print what the key may read of the selected streams; leave with 1 if it lacks any."""
        streams = [one for one in self.streams.values() if isinstance(one, VtexStream)]
        try:
            found = check_streams(self.client, [one for one in streams if one.selected])
        except Exception as error:  # noqa: BLE001 - whose text must not reach the log
            self._end_by_mistake(error)
        click.echo(found.as_json() if output == "json" else found.as_text())
        sys.exit(0 if found.is_in_order else 1)

    def _end_by_mistake(self, error: Exception) -> NoReturn:
        """End the run because of an error that nobody foresaw."""
        self.logger.error(
            "The run ends here, because of a mistake in a stream map or in the tap:\n%s",
            without_values(error),
        )
        self._summarize()
        raise SystemExit(1) from None

    def _summarize(self) -> None:
        for line in self.summary.lines(self.failures):
            self.logger.info("%s", line)

    def _report_signal(self) -> None:
        self.logger.warning("Stopped by a signal; the next run goes on from the last state.")
        self._summarize()

    def _setup_signal_handlers(self) -> None:
        """Leave signals to `Shutdown`.

        The SDK's handler writes a state, possibly into a half-written message, and leaves
        with 0. The last checkpoint is all the state there is, and it is out already.
        """

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings in the tap's own words.

        Those of the SDK quote values, secrets included.
        """
        errors = list(problems(self._config))
        if not errors:
            # Fills in the defaults, and checks the settings that are the SDK's own.
            errors = super()._validate_config(raise_errors=raise_errors)
            try:
                self.client  # noqa: B018 - shows whether proxy and certificates can be used
            except VtexError as error:
                errors = [*errors, str(error)]
        if errors and raise_errors:
            raise ConfigValidationError("Settings are wrong", errors=errors, schema=SETTINGS)
        return errors

    # -- command line --------------------------------------------------------------------

    @classmethod
    def invoke(  # type: ignore[override]
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        check: bool = False,
        config: _ConfigInput | None = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
    ) -> None:
        """Run the tap as the SDK does, and see to the exit code, which the SDK does not."""
        if about:
            cls.print_about(about_format)
            return
        cls.print_version(print_fn=cls.logger.info)
        tap = cls(
            config=config.config if config else {},
            state=_read_state(state),
            catalog=_read_json(catalog, "--catalog"),
            parse_env_config=bool(config and config.parse_env),
            offline=check,
        )
        if check:
            tap.check_access(about_format)
        tap.run()

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """The SDK's command line, and ``--check``."""
        command = super().get_singer_command()
        command.params.append(
            click.Option(
                ["--check"],
                is_flag=True,
                help="Ask VTEX once for what each selected stream needs, and print what the key's "
                "role lacks. With --format json for machines.",
            )
        )
        return command

    @classmethod
    def cb_config(
        cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]
    ) -> _ConfigInput:
        """Read the config files, or say which one can't be read."""
        try:
            return super().cb_config(ctx, param, value)
        except (OSError, ValueError) as error:
            raise click.BadParameter(f"can't be read as JSON ({error}).", ctx, param) from None

    @classmethod
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """Read one record of each stream, or say in a sentence why that fails."""
        try:
            super().cb_test(ctx, param, value)
        except ConfigValidationError as error:
            for sentence in error.errors:
                cls.logger.error(sentence)  # noqa: TRY400
            ctx.exit(1)
        except VtexError as error:
            cls.logger.error(error)  # noqa: TRY400
            ctx.exit(1)


def _read_json(file: IO[str] | None, option: str) -> dict[str, Any] | None:
    if file is None:
        return None
    try:
        content = json.load(file)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        what = "this is no state of a Singer tap" if option == "--state" else "no JSON object"
        raise click.BadParameter(f"{what}.", param_hint=option)
    return content


def _read_state(file: IO[str] | None) -> dict[str, Any] | None:
    state = _read_json(file, "--state") or {}
    bookmarks = state.get("bookmarks", {})
    well_formed = isinstance(bookmarks, dict) and all(
        isinstance(stream, dict) and _are_partitions(stream.get("partitions", []))
        for stream in bookmarks.values()
    )
    if not well_formed:
        raise click.BadParameter("this is no state of a Singer tap.", param_hint="--state")
    return state


def _are_partitions(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) and isinstance(one.get("context"), dict) for one in value
    )
