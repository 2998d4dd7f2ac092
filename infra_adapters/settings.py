"""Settings of the infrastructure, validated when it is composed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from infra_adapters.errors import ConfigError
from infra_adapters.kernel.whereabouts import Whereabouts

VERIFIED = "verify-full"
SHORTEST_KEY = 32
LONGEST = 2_147_483
"""Seconds: the server counts milliseconds in 32 bits."""
LONGEST_SILENCE = 32_767
"""Seconds: what Linux takes for a keep-alive."""
Seconds = Annotated[float, Field(gt=0, le=LONGEST)]
SecondsOrNone = Annotated[float, Field(ge=0, le=LONGEST)]
Name = Annotated[str, Field(max_length=63, pattern=r"^[^\x00]*$")]


class DatabaseSettings(BaseSettings):
    """Where the database is and how it may be used. Durations are in seconds; each comes from DATABASE_<NAME>.

    `insecure` allows a connection to another host without a verified certificate. `pooler` says that PgBouncer in
    transaction mode is between. `role` is taken on after the login. `cursor_keys` sign the cursors of pages, newest
    first; without them a cursor lives as long as the process. Statements that take `slow_after` are logged, 0 for none.
    """

    model_config = SettingsConfigDict(env_prefix="DATABASE_", frozen=True, extra="forbid")

    url: SecretStr
    pool_size: int = Field(default=5, ge=1, le=500)
    pool_overflow: int = Field(default=0, ge=0, le=500)
    fast_pool_size: int = Field(default=2, ge=1, le=500)
    acquire_timeout: float = Field(default=5.0, gt=0, le=300)
    connect_timeout: int = Field(default=5, ge=2, le=60)
    max_lifetime: int = Field(default=1800, ge=1, le=LONGEST)
    trusted_idle: SecondsOrNone = 0.5
    statement_timeout: Seconds = 30.0
    lock_timeout: Seconds = 10.0
    idle_in_transaction_timeout: Seconds = 60.0
    slow_after: SecondsOrNone = 1.0
    silence_timeout: float = Field(default=30.0, gt=0, le=LONGEST_SILENCE)
    breaker_failures: int = Field(default=5, ge=1)
    breaker_seconds: Seconds = 60.0
    application_name: Name = Field(default="infra_adapters", min_length=1)
    role: Name = ""
    insecure: bool = False
    tls_root: str = ""
    pooler: Literal["none", "transaction"] = "none"
    cursor_keys: tuple[SecretStr, ...] = ()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - a part of the signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Where values come from: the caller, then the environment; no file that happens to lie about."""
        return (init_settings, env_settings)

    @field_validator("url")
    @classmethod
    def _known(cls, value: SecretStr) -> SecretStr:
        _whereabouts(value).check()
        return value

    @field_validator("cursor_keys")
    @classmethod
    def _long(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(key.get_secret_value()) < SHORTEST_KEY for key in value):
            raise ValueError(f"a key has at least {SHORTEST_KEY} characters")
        return value

    @field_validator("tls_root")
    @classmethod
    def _readable(cls, value: str) -> str:
        if value and not Path(value).is_file():
            raise ValueError("there is no such file of certificates")
        return value

    @model_validator(mode="after")
    def _verified(self) -> Self:
        asked = next((one for one in _whereabouts(self.url).all_of("sslmode") if one != VERIFIED), VERIFIED)
        if asked != VERIFIED and not self.insecure and self.is_remote:
            raise ValueError(f"sslmode={asked} would trust any server; leave it out, or say insecure")
        return self

    @model_validator(mode="after")
    def _kept(self) -> Self:
        if self.role and self.pooler == "transaction":
            raise ValueError(
                "behind a pooler no role is kept from one transaction to the next; log in as DATABASE_ROLE"
            )
        return self

    @property
    def options_of_url(self) -> dict[str, str]:
        """The options that the URL itself has."""
        return _whereabouts(self.url).options

    @property
    def is_remote(self) -> bool:
        """Whether another machine may answer: neither a local socket nor an address of this machine's own."""
        return _whereabouts(self.url).is_remote(os.environ)

    @property
    def tls_options(self) -> dict[str, str]:
        """What libpq is told about TLS; the URL's own options come first."""
        if self.insecure or not (self.is_remote or self.tls_root):
            return {}
        return {"sslmode": VERIFIED, "sslrootcert": self.options_of_url.get("sslrootcert") or self.tls_root or "system"}

    @property
    def connections(self) -> int:
        """The most connections that one process opens."""
        return self.pool_size + self.pool_overflow + self.fast_pool_size

    @classmethod
    def of(cls, **values: object) -> Self:
        """Settings from values, the environment beneath them. Raises ConfigError naming every wrong setting."""
        try:
            return cls(**values)  # type: ignore[arg-type]
        except ValidationError as error:
            # The input is left out on purpose: one of the values is a password.
            wrong = "; ".join(
                f"DATABASE_{str((*one['loc'], 'URL')[0]).upper()}: {one['msg']}" for one in error.errors()
            )
            raise ConfigError(wrong) from None


def _whereabouts(url: SecretStr) -> Whereabouts:
    return Whereabouts(url.get_secret_value())
