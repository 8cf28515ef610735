"""Case files: what they may say (schema), reading them (loader), and whether the run makes sense (checks)."""
