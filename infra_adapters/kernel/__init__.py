"""Pure rules: no clock, no network, no library; everything they need is passed in."""
