"""Rollouts at problems: engines that sample them, and the collection of scored ones."""
