"""The interface of a network that the sampler can run."""

from typing import Any, Protocol

from torch import Tensor


class Denoiser(Protocol):
    """Encodes a window once, then predicts logits at every step.

    The networks of this package are PyTorch modules with these methods. A
    runtime runs their weights in another library.
    """

    def encode(self, images: Tensor, coarse: Tensor) -> Any:
        """Return the context that all steps of a window share.

        Args:
            images (Tensor): Normalised images, (B, 3, H, W) float32.
            coarse (Tensor): Coarse masks, (B, 1, H, W) float32, 0 and 1.

        Returns:
            object: The context, for :meth:`decode`. It has the attribute
            ``error_logits``, (B, 1, h, w), if the network predicts the errors
            of the coarse mask.
        """

    def decode(self, context: Any, masks: Tensor, t: Tensor) -> Tensor:
        """Predict the logits of the fine masks at one step.

        Args:
            context (object): From :meth:`encode`.
            masks (Tensor): Noisy masks, (B, 1, H, W) float32, 0 and 1.
            t (Tensor): Timestep of the whole batch, int64, (1,).

        Returns:
            Tensor: Logits, (B, 1, H, W).
        """
