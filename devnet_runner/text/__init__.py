"""Bytes into text: what cannot be read is told with its place, damage by a wrong encoding is noticed and repaired."""

from devnet_runner.text.damage import damage_finding, repair
from devnet_runner.text.decode import MAX_BYTES, Text, decode, read_regular, read_text

__all__ = ["MAX_BYTES", "Text", "damage_finding", "decode", "read_regular", "read_text", "repair"]
