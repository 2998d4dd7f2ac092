"""`python -m devnet_runner` is `devnet-run`."""

from devnet_runner.cli import main

if __name__ == "__main__":
    main()
