"""Makes one file of a plugin. Nothing of this is in that file."""
