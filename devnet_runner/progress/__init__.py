"""The progress file: which steps of which phase are ticked."""

from devnet_runner.progress.sections import PhaseProgress, Progress, StepProgress, read
from devnet_runner.progress.tick import created, ticked

__all__ = ["PhaseProgress", "Progress", "StepProgress", "created", "read", "ticked"]
