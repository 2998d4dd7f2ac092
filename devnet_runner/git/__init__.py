"""The one room that talks to git: read only, and without running anything that the repository's settings name."""

from devnet_runner.git.state import NO_REPOSITORY, GitState, common_dir, last_tag, state, tag_exists

__all__ = ["NO_REPOSITORY", "GitState", "common_dir", "last_tag", "state", "tag_exists"]
