"""Errors that a user can mend; every other exception is a bug of ours."""


class SegRefinerError(ValueError):
    """Base of the errors that say what was given and what to do about it."""


class InputError(SegRefinerError):
    """An image, a mask, a folder or an option that cannot be used."""


class CheckpointError(SegRefinerError):
    """A weights file that cannot be read, or belongs to another model."""


class TrainingCollapsedError(SegRefinerError):
    """A training run that can no longer succeed."""
