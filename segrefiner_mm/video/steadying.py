"""Settings for carrying evidence from frame to frame."""

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True)
class Steadying:
    """Settings for how much earlier frames count in a frame.

    Attributes:
        memory (float): Weight of the evidence of earlier frames, 0 to 1. With
            each further frame, it is multiplied by this again. A higher weight
            removes more flicker, but a mistake lasts longer. Defaults to
            0.7.
        jitter (float): Distance of the carried from the refined edge, in
            pixels, 1 to 255, up to which ``memory`` applies in full. It falls
            to 0 at twice this distance. Defaults to 16.
        min_overlap (float): IoU of the carried and the coarse mask, 0 to 1,
            below which nothing is carried for an object. Defaults to 0.5.
        cut (float): Lowest share of the image, 0 to 1, that motion leaves
            unexplained at a cut; see :func:`is_cut`. Defaults to 0.5.
        reuse (float): Largest change of the window around an object, in grey
            levels, 0 to 255, at which the last result is reused if the IoU of
            the coarse masks is at least 0.99. Windows are compared at 32 x 32
            pixels. Defaults to 1.5.

    Raises:
        ValueError: If a value is out of its range.
    """

    memory: float = 0.7
    jitter: float = 16.0
    min_overlap: float = 0.5
    cut: float = 0.5
    reuse: float = 1.5

    def __post_init__(self) -> None:
        for field in fields(self):
            value, most = getattr(self, field.name), 1.0
            least = 1.0 if field.name == 'jitter' else 0.0
            if field.name in ('reuse', 'jitter'):
                most = 255.0
            if not least <= value <= most:
                raise ValueError(
                    f'{field.name} must be {least:g} to {most:g}, got {value}'
                )

    def scaled(self, share: float) -> 'Steadying':
        """Return a copy whose ``memory`` is scaled.

        Args:
            share (float): Factor of the weight, 0 to 1; with 0, nothing is
                carried, but results of frames that look the same are reused.

        Returns:
            Steadying: The settings.

        Raises:
            ValueError: If the scaled weight is not from 0 to 1.
        """
        return replace(self, memory=self.memory * share)
