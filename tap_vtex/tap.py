"""The tap: its streams, and how a run reads them."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn

import click
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities

from tap_vtex.cli import CommandLine
from tap_vtex.errors import StreamMapError, UnavailableError, VtexError, safe_traceback
from tap_vtex.http.failures import UNAUTHORIZED
from tap_vtex.http.retry import RetryPolicy
from tap_vtex.output import MessageWriter, OutputError
from tap_vtex.report.check import Check
from tap_vtex.report.probe import Probe
from tap_vtex.run import Run
from tap_vtex.settings import SETTINGS, MasterDataEntity
from tap_vtex.shutdown import Shutdown
from tap_vtex.streams.base import VtexStream
from tap_vtex.streams.catalog import (
    BrandsStream,
    CategoriesStream,
    CollectionsStream,
    ProductsStream,
    SalesChannelsStream,
    SellersStream,
    SkusStream,
)
from tap_vtex.streams.logistics import (
    DocksStream,
    InventoryStream,
    PickupPointsStream,
    WarehousesStream,
)
from tap_vtex.streams.masterdata import (
    AddressesStream,
    CartsStream,
    ClientsStream,
    FurtherEntityStream,
    NewsletterStream,
)
from tap_vtex.streams.masterdata.clients import CLIENTS
from tap_vtex.streams.masterdata.discovery import fields_of, list_entities
from tap_vtex.streams.orders import (
    IncompleteOrdersStream,
    OrderItemsStream,
    OrdersStream,
    PackagesStream,
    PaymentsStream,
)
from tap_vtex.streams.pricing import PricesStream
from tap_vtex.streams.promotions import CouponsStream, PromotionsStream, TaxesStream
from tap_vtex.validation import errors_in, warnings_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk import Stream
    from singer_sdk.helpers.capabilities import CapabilitiesEnum

    from tap_vtex.streams.masterdata.fields import Field

#: Read first.
ORDER_STREAMS: Final = (
    OrdersStream,
    OrderItemsStream,
    PaymentsStream,
    PackagesStream,
    IncompleteOrdersStream,
)
#: Read after the streams of Master Data. Those with one request per SKU come last, so they don't
#: delay the others.
CATALOG_STREAMS: Final = (
    ProductsStream,
    SkusStream,
    CategoriesStream,
    BrandsStream,
    CollectionsStream,
    SalesChannelsStream,
    SellersStream,
    PromotionsStream,
    CouponsStream,
    TaxesStream,
    WarehousesStream,
    DocksStream,
    PickupPointsStream,
    PricesStream,
    InventoryStream,
)

# At DEBUG, the SDK's mapper logs evaluated filter values, which can be personal data.
logging.getLogger("singer_sdk.mapper").addFilter(lambda record: record.levelno > logging.DEBUG)


class TapVTEX(CommandLine):
    """Singer tap for VTEX, the e-commerce platform."""

    name = "tap-vtex"
    package_name = "tap-vtex"
    config_jsonschema = SETTINGS
    policy = RetryPolicy()
    #: When discovery gives up, by the monotonic clock; None before its first request. Set to now
    #: if VTEX is unavailable.
    _discovery_ends: float | None = None
    #: One for the whole process, because signals are per process.
    shutdown = Shutdown()

    # No BATCH: the state would run ahead of the data. No ACTIVATE_VERSION: targets would delete
    # rows that a partial pass, or a pass over another store, did not send.
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.DISCOVER,
        TapCapabilities.STATE,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's
        self.shutdown.report = self._report_signal
        super().__init__(message_writer=MessageWriter(self.shutdown), **kwargs)

    @cached_property
    def run(self) -> Run:
        """What the streams of this run share."""
        return Run(self._config, self.logger, policy=self.policy, shutdown=self.shutdown)

    # -- streams -------------------------------------------------------------------------

    def discover_streams(self) -> Sequence[Stream]:
        """All streams, in the order in which a run reads them.

        Works without settings or network. With both, fields that the store has added to its
        clients and addresses get columns of their own.
        """
        streams: list[Stream] = [stream(self, self.run) for stream in ORDER_STREAMS]
        clients, addresses = MasterDataEntity(CLIENTS), MasterDataEntity("AD")
        streams += [
            CartsStream(self, self.run),
            ClientsStream(self, self.run, clients.name, "clients", self._fields_of(clients)),
            AddressesStream(
                self, self.run, addresses.name, "addresses", self._fields_of(addresses)
            ),
            NewsletterStream(self, self.run),
        ]
        streams += [
            FurtherEntityStream(self, self.run, entity, self._fields_of(entity))
            for entity in MasterDataEntity.all_in(self.config)
        ]
        streams += [stream(self, self.run) for stream in CATALOG_STREAMS]
        self._order = [stream.name for stream in streams]
        return streams

    @cached_property
    def streams(self) -> dict[str, Stream]:
        """The streams by name, in the order in which a run reads them.

        The SDK would sort them by name, which would delay the orders.
        """
        by_name = super().streams
        return {name: by_name[name] for name in self._order}

    def _fields_of(self, entity: MasterDataEntity) -> list[Field]:
        """An entity's fields in the store; empty if they are unavailable.

        An input catalog already has the columns, so it needs no request.
        """
        if self.offline or self.input_catalog is not None or any(errors_in(self._config)):
            return []
        now = time.monotonic()
        self._discovery_ends = self._discovery_ends or now + self.policy.retry_discovery_for
        if now >= self._discovery_ends:
            return []  # the reason is in the log
        try:
            return fields_of(self.run.client, entity, self._discovery_ends - now)
        except VtexError as error:
            is_refused = error.status == UNAUTHORIZED and not self.run.client.has_answered
            if is_refused or isinstance(error, UnavailableError):
                self._discovery_ends = now
                self.logger.warning(
                    "The store's own fields get no columns of their own and stay in "
                    "custom_fields. %s",
                    "VTEX refused the key (status 401)." if is_refused else error,
                )
                return []
            self.logger.warning(
                "The tap can't read the fields that the store has added to the entity %s, so they "
                "get no columns of their own and stay in custom_fields. %s",
                entity,
                error,
            )
            return []

    # -- a run ---------------------------------------------------------------------------

    def sync(self) -> None:
        """Read all selected streams. Exits with code 1 if any of them failed."""
        for stream in self.streams.values():
            if stream.selected:
                read_by = getattr(stream.parent_stream_type, "name", stream.name)
                self.run.summary.expect(stream.name, read_by)
        try:
            self.sync_all()
        except BrokenPipeError:
            self.logger.error("The target closed the pipe. Look for the reason in its log.")  # noqa: TRY400
            sys.exit(1)
        except (OutputError, StreamMapError) as error:
            self.logger.debug("%s", safe_traceback(error))
            self._summarize()
            self.logger.error(error)  # noqa: TRY400
            sys.exit(1)
        except Exception as error:  # noqa: BLE001 - its text must not reach the log
            self._end_unexpectedly(error)
        self.run.log_refusals()
        self._summarize()
        if self.run.failures:
            # This comes last, because `meltano config test` shows only the last line.
            self.logger.error("%s", self.run.outcome())
            sys.exit(1)

    def explain(self, error: VtexError) -> str:
        """Say what an error means, given what VTEX has answered so far."""
        return self.run.explain(error)

    def check_access(self, output_format: str | None) -> None:
        """Print which streams the key may read. Exits with code 1 if it can't read a needed one.

        The JSON also reports how VTEX behaves where its documentation is silent.
        """
        check, probe = Check(self.run.client), Probe(self.run.client)
        streams = [one for one in self.streams.values() if isinstance(one, VtexStream)]
        try:
            for stream in streams:
                check.begin(stream.name, needed=stream.selected_by_default)
                stream.check(check)
            list_entities(check)
            for stream in streams:
                if output_format == "json" and check.may_read(stream.name):
                    stream.probe(probe)
        except Exception as error:  # noqa: BLE001 - its text must not reach the log
            self._end_unexpectedly(error)
        report = {"version": self.plugin_version, **check.as_dict(), "behavior": probe.found}
        click.echo(json.dumps(report, indent=2) if output_format == "json" else check.as_text())
        sys.exit(0 if check.is_ok else 1)

    def _end_unexpectedly(self, error: Exception) -> NoReturn:
        self.logger.error("An unexpected error:\n%s", safe_traceback(error))
        self._summarize()
        self.logger.error(
            "The run failed because of an error in the tap. Please report it, with the lines "
            "after 'An unexpected error'. They contain no data or settings."
        )
        raise SystemExit(1) from None

    def _summarize(self) -> None:
        for line in self.run.summary.lines(self.run.failures):
            self.logger.info("%s", line)

    def _report_signal(self) -> None:
        self.logger.warning("Stopped by a signal. The next run resumes from the last state.")
        self._summarize()

    # -- overrides of the SDK ------------------------------------------------------------

    def _setup_signal_handlers(self) -> None:
        """Leave signals to `Shutdown`.

        The SDK's handler writes a state, possibly into a half-written message, and exits with
        0. The last checkpoint has already written everything.
        """

    def setup_mapper(self) -> None:
        """Leave out the stream maps of streams that are not selected.

        Their fields are not selected either, and the SDK rejects a map whose key fields are
        missing.
        """
        config = self._config
        maps = config.get("stream_maps")
        if isinstance(maps, dict):
            idle = {name for name, stream in self.streams.items() if not stream.selected}
            used = {name: value for name, value in maps.items() if name not in idle}
            self._config = {**config, "stream_maps": used}
        super().setup_mapper()
        self._config = config

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Validate the settings. The SDK's messages quote values, including secrets."""
        errors = list(errors_in(self._config))
        if not errors:
            # Fills in the defaults, and validates the SDK's own settings.
            errors = super()._validate_config(raise_errors=raise_errors)
            for warning in warnings_in(self._config, os.environ):
                self.logger.warning("%s", warning)
            try:
                self.run.client  # noqa: B018 - checks the proxy and the certificates
            except VtexError as error:
                errors = [*errors, str(error)]
        if errors and raise_errors:
            raise ConfigValidationError("Invalid settings", errors=errors, schema=SETTINGS)
        return errors
