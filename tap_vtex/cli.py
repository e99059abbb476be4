"""The command line: the tap's options, and the files they name."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, NoReturn

import click
from singer_sdk import Tap
from singer_sdk.exceptions import (
    ConfigValidationError,
    MapExpressionError,
    StreamMapConfigError,
)
from singer_sdk.metrics import METRICS_LOGGER_NAME
from singer_sdk.tap_base import CliTestOptionValue

from tap_vtex.errors import StreamMapError, VtexError

if TYPE_CHECKING:
    from typing import IO, Self

    from singer_sdk.plugin_base import _ConfigInput

# The SDK logs counters of each stream at INFO. The tap's progress lines and summary table
# already show them.
_metrics = logging.getLogger(METRICS_LOGGER_NAME)
_metrics.addFilter(lambda _: _metrics.isEnabledFor(logging.DEBUG))
# SDK log lines that tell a user nothing: `CommandLine` reads the environment itself, and the
# summary table shows parents and children.
_NOISE = ("Skipping parse of", "Added '%s' as child stream", "Parsing '%s' config from env")
for _name in ("tap-vtex", "singer_sdk.configuration._dict_config"):
    logging.getLogger(_name).addFilter(lambda record: not str(record.msg).startswith(_NOISE))


class CommandLine(Tap):
    """The SDK's command line plus ``--check``, exit codes, and one-line errors for bad files."""

    def __init__(self, *, offline: bool = False, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's
        """Create a tap.

        Args:
            offline: Do not request the store's own fields from VTEX.
            kwargs: The SDK's arguments.
        """
        self.offline = offline
        super().__init__(**kwargs)

    def sync(self) -> None:
        """Read all selected streams."""
        raise NotImplementedError

    def check_access(self, output_format: str | None) -> None:
        """Print which streams the key may read."""
        raise NotImplementedError

    def explain(self, error: VtexError) -> str:
        """Say what an error means, given what VTEX has answered so far."""
        raise NotImplementedError

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
        """Run the tap. The SDK itself only knows exit code 0 and a traceback."""
        if about:
            cls.print_about(about_format)
            return
        cls.print_version(print_fn=cls.logger.info)
        tap = cls._create(
            config,
            state=_read_state(state),
            catalog=_read_json(catalog, "--catalog"),
            offline=check,
        )
        if check:
            tap.check_access(about_format)
        else:
            tap.sync()

    @classmethod
    def _create(cls, config: _ConfigInput | None, **options: Any) -> Self:  # noqa: ANN401
        """Create a tap, or exit if the settings are wrong."""
        try:
            return cls(config=cls._read_settings(config), **options)
        except ConfigValidationError as error:
            cls._refuse_settings(error.errors)
        except (MapExpressionError, StreamMapConfigError) as error:
            cls._refuse_settings([f"The setting stream_maps can't be used: {error}"])

    @classmethod
    def _read_settings(cls, config: _ConfigInput | None) -> dict[str, Any]:
        """The settings from the ``--config`` files and the environment."""
        if config is None:
            return {}
        if not config.parse_env:
            return config.config
        try:
            return {**config.config, **cls._env_var_config}
        except ValueError:
            sentence = (
                "A setting in the environment can't be read. Write numbers in digits, and lists "
                "and objects as JSON."
            )
            cls._refuse_settings([sentence])

    @classmethod
    def _refuse_settings(cls, errors: list[str]) -> NoReturn:
        """Log all errors on one line, because Meltano shows only the last one; then exit."""
        cls.logger.error("%s", " ".join(errors))
        raise SystemExit(1)

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Add ``--check`` to the SDK's options."""
        command = super().get_singer_command()
        command.params.append(
            click.Option(
                ["--check"],
                is_flag=True,
                help="Check what the key may read, and print what its role lacks. With --format "
                "json, also report how this store's VTEX behaves, without any of its data.",
            )
        )
        return command

    @classmethod
    def cb_config(
        cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]
    ) -> _ConfigInput:
        """Read the config files. The SDK raises a traceback on a file that is not JSON."""
        try:
            return super().cb_config(ctx, param, value)
        except (OSError, ValueError) as error:
            raise click.BadParameter(f"can't be read as JSON ({error}).", ctx, param) from None

    @classmethod
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:  # noqa: ARG003
        """Read one record of each stream. The SDK ends in a traceback if that fails."""
        if value == CliTestOptionValue.Disabled.value:
            return
        tap = cls._create(ctx.params.get("config"))
        try:
            if value == CliTestOptionValue.Schema.value:
                tap.write_schemas()
            else:
                tap.run_connection_test()
        except VtexError as error:
            cls.logger.error("%s", tap.explain(error))  # noqa: TRY400
            ctx.exit(1)
        except StreamMapError as error:
            cls.logger.error("%s", error)  # noqa: TRY400
            ctx.exit(1)
        ctx.exit()


def _read_json(file: IO[str] | None, option: str) -> dict[str, Any] | None:
    if file is None:
        return None
    try:
        content = json.load(file)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        what = "not the state of a Singer tap" if option == "--state" else "not a JSON object"
        raise click.BadParameter(f"this is {what}.", param_hint=option)
    return content


def _read_state(file: IO[str] | None) -> dict[str, Any] | None:
    state = _read_json(file, "--state") or {}
    bookmarks = state.get("bookmarks", {})
    well_formed = isinstance(bookmarks, dict) and all(
        isinstance(stream, dict) and _are_partitions(stream.get("partitions", []))
        for stream in bookmarks.values()
    )
    if not well_formed:
        raise click.BadParameter("this is not the state of a Singer tap.", param_hint="--state")
    return state


def _are_partitions(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) and isinstance(one.get("context"), dict) for one in value
    )
