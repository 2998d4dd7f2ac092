"""Settings of the infrastructure, validated when it is composed."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra_adapters.errors import ConfigError

SCHEMES = {"postgresql", "postgres", "postgresql+psycopg"}


class DatabaseSettings(BaseSettings):
    """Where the database is and how it may be used. Timeouts are in seconds; each comes from DATABASE_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="DATABASE_", frozen=True, extra="forbid")

    url: SecretStr
    pool_size: int = Field(default=5, ge=1, le=500)
    pool_overflow: int = Field(default=0, ge=0, le=500)
    acquire_timeout: float = Field(default=5.0, gt=0, le=300)
    connect_timeout: int = Field(default=5, ge=2, le=60)
    max_lifetime: int = Field(default=1800, ge=1)
    statement_timeout: float = Field(default=30.0, gt=0)
    lock_timeout: float = Field(default=10.0, gt=0)
    idle_in_transaction_timeout: float = Field(default=60.0, gt=0)
    application_name: str = Field(default="infra_adapters", min_length=1, max_length=63)

    @field_validator("url")
    @classmethod
    def _known(cls, value: SecretStr) -> SecretStr:
        if urlsplit(value.get_secret_value().strip()).scheme not in SCHEMES:
            raise ValueError("it must be a postgresql:// URL")
        return value

    @classmethod
    def of(cls, **values: object) -> Self:
        """Settings from values, the environment beneath them. Raises ConfigError naming every wrong setting."""
        try:
            return cls(**values)  # type: ignore[arg-type]
        except ValidationError as error:
            # The input is left out on purpose: one of the values is a password.
            wrong = "; ".join(f"DATABASE_{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors())
            raise ConfigError(wrong) from None
