"""What the author can put right."""


class Mistake(Exception):
    """Something that the author can put right. It is told without a trace."""
