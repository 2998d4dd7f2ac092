"""Survey: what a repository shows of itself, and the settings that follow from it."""

from devnet_runner.survey.look import look
from devnet_runner.survey.render import render
from devnet_runner.survey.values import Found, Survey, Tree

__all__ = ["Found", "Survey", "Tree", "look", "render"]
