"""What a run leaves behind: its folder, tables, fields, checkpoints and manifest. Knows no physics."""
