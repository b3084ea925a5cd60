"""What runs in the file of a plugin beside the author's own modules."""
