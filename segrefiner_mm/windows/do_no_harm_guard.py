"""The guard, which decides whether a refined mask is used."""

import math
from dataclasses import replace

import torch

from segrefiner_mm.registry import TASK_UTILS
from segrefiner_mm.windows.compact_mask import CompactMask, compact_iou
from segrefiner_mm.windows.completion import restricted
from segrefiner_mm.windows.detached_changes import without_islands
from segrefiner_mm.windows.window_plan import (
    KEPT,
    REFINED,
    ROLLED_BACK,
    Plan,
    RefinedMask,
    RefineTask,
    WindowPlan,
)


@TASK_UTILS.register_module()
class DoNoHarmGuard:
    """Keeps good masks, and undoes refinements that cannot be trusted.

    Two numbers are measured on the first result: how much the network
    believes in the least credible part of the coarse edge (:func:`belief_in`),
    and how much better the new edge follows the image than the coarse edge
    (:func:`edge_gain`). The gain is measured in the image. It does not rely on
    the network's belief, which is wrong if the network mistakes the object.

    - A mask is kept if the belief minus ``gain_weight`` times the gain is high
      enough. It is also kept if the image shows nothing along either edge
      (:func:`edge_contrast`), as in the dark, in fog and in plain areas: no
      evidence, no change.
    - Other masks are refined. If the first result came from one bold step and
      the belief is below ``bold_belief``, this result is used. Otherwise all
      steps are run, which is more cautious.

    By default, changed regions that the coarse edge does not touch are undone:
    holes in the object, specks beside it. The plan may then polish the result.
    The whole mask is rolled back if the bold and the cautious result are far
    apart, or if the refined mask overlaps little with the coarse mask. No true
    mask is needed. The limits depend on the weights; see ``calibrated_on``.

    Args:
        keep_belief (float): Masks are kept if their belief minus the weighted
            gain is at least this, 0 to 1. A lower value keeps more masks.
            Defaults to 0.5.
        gain_weight (float): Weight of the gain, 0 or more. With 0, the gain
            does not count. Defaults to 0.8.
        bold_belief (float, optional): Below this belief, 0 to 1, the result
            of the bold step is used. None: all steps are run at once, without
            a bold step before them, for networks whose further steps cost
            little. Plans that look at a whole image always run the bold step
            and then all steps. Defaults to 0.4.
        min_agreement (float): Minimum IoU of the bold and the cautious
            result, 0 to 1. Defaults to 0.5.
        min_overlap (float): Minimum IoU of the coarse and the refined mask,
            0 to 1. Defaults to 0.3.
        min_contrast (float): Masks are kept if their edge contrast is below
            this, 0 or more; with 0, the contrast does not count. Defaults to
            1, the contrast that noise can cause.
        undo_detached (bool): Whether to undo changed regions that the coarse
            edge does not touch. False is for networks that rarely make a wrong
            one. Defaults to True.
        calibrated_on (str, optional): Name of the bundled weights on which
            the limits were calibrated; :class:`SegRefinerInferencer` does not
            use the guard with other weights. Defaults to None: any weights.

    Raises:
        ValueError: If a belief, the agreement or the overlap is not within 0
            to 1, or ``gain_weight`` or ``min_contrast`` is negative or not
            finite.
    """

    def __init__(
        self,
        keep_belief: float = 0.5,
        gain_weight: float = 0.8,
        bold_belief: float | None = 0.4,
        min_agreement: float = 0.5,
        min_overlap: float = 0.3,
        min_contrast: float = 1.0,
        undo_detached: bool = True,
        calibrated_on: str | None = None,
    ) -> None:
        self.keep_belief = keep_belief
        self.bold_belief = bold_belief
        self.min_agreement = min_agreement
        self.min_overlap = min_overlap
        for name, value in vars(self).items():
            if name == 'bold_belief' and value is None:
                continue
            if value is None or not 0.0 <= value <= 1.0:
                raise ValueError(f'{name} must be 0 to 1, got {value}')
        self.gain_weight = gain_weight
        self.min_contrast = min_contrast
        for name in ('gain_weight', 'min_contrast'):
            value = getattr(self, name)
            if not 0.0 <= value < math.inf:
                raise ValueError(f'{name} must be >= 0, got {value}')
        self.undo_detached = undo_detached
        self.calibrated_on = calibrated_on

    def decide(self, evidence: dict[str, float]) -> str:
        """Return the verdict on a mask, from the evidence alone.

        Args:
            evidence (dict[str, float]): ``belief``, ``edge_gain`` and
                ``edge_contrast`` of the first result, and optionally
                ``overlap`` and ``agreement``; see :meth:`refine`.

        Returns:
            str: ``'kept'``, ``'rolled back'`` or ``'refined'``.
        """
        doubt = self.gain_weight * evidence['edge_gain']
        if evidence['belief'] - doubt >= self.keep_belief:
            return KEPT
        if evidence['edge_contrast'] < self.min_contrast:
            return KEPT
        if evidence.get('agreement', 1.0) < self.min_agreement:
            return ROLLED_BACK
        if evidence.get('overlap', 1.0) < self.min_overlap:
            return ROLLED_BACK
        return REFINED

    def refine(self, plan: WindowPlan, task: RefineTask) -> Plan:
        """Refine one mask by a plan, and judge the result.

        Args:
            plan (WindowPlan): Chooses the windows.
            task (RefineTask): See :meth:`WindowPlan.refine`.

        Returns:
            Generator: The coroutine; see :meth:`WindowPlan.refine`. The
            ``evidence`` of its refined mask is empty if the plan itself keeps
            the mask. Otherwise it has ``belief``, ``edge_gain`` and
            ``edge_contrast``. Unless these three keep the mask, it also has
            ``overlap``, the IoU of coarse and refined mask, and, with
            ``undo_detached``, ``islands``, the fraction of the changed pixels
            that was undone; and if all
            steps were run after the bold one, ``agreement``, the IoU of the
            bold and the cautious result. All are floats: where the rounding
            of a backend differs between batches, a mask whose numbers lie on
            a limit to the last bit may get another verdict.
        """
        mask, limit = task.mask, self.bold_belief
        first = task
        if limit is not None or plan.whole_image:
            first = replace(task, timesteps=task.timesteps[:1])
        bold = yield from self._judged(plan, first)
        if bold.verdict == KEPT:
            return bold
        chosen, evidence = bold, bold.evidence
        # For a whole image, the bold step measured the old edge alone.
        in_doubt = plan.whole_image or (
            limit is not None and evidence['belief'] >= limit
        )
        if len(task.timesteps) > 1 and in_doubt:
            chosen = yield from plan.propose(task)
            evidence['agreement'] = compact_iou(
                restricted(mask, bold), restricted(mask, chosen)
            )
        chosen = self._tidied(mask, chosen, evidence)
        if self.decide(evidence) == ROLLED_BACK:
            return _taken_back(mask, chosen, evidence, ROLLED_BACK)
        finished = yield from plan.finish(task, chosen)
        finished = restricted(mask, finished)
        if finished is not chosen:
            finished = self._tidied(mask, finished, evidence)
        verdict = self.decide(evidence)
        if verdict == REFINED and evidence['overlap'] == 1.0:
            verdict = KEPT  # all that changed was taken back
        if verdict != REFINED:
            return _taken_back(mask, finished, evidence, verdict)
        finished.evidence = evidence
        return finished

    def _judged(self, plan: WindowPlan, task: RefineTask) -> Plan:
        """Run a plan up to its proposal, and keep the mask if it is good."""
        seen = yield from plan.propose(replace(task, judged=True))
        if seen.verdict == KEPT:
            return seen
        evidence = _evidence_of(seen)
        if self.decide(evidence) == KEPT:
            return _taken_back(task.mask, seen, evidence, KEPT)
        return replace(seen, evidence=evidence)

    def _tidied(
        self,
        mask: CompactMask,
        refined: RefinedMask,
        evidence: dict[str, float],
    ) -> RefinedMask:
        """Undo detached changes; add their share and the overlap."""
        judged = refined
        if self.undo_detached:
            refined, share = without_islands(mask, refined)
            if refined.only is not None:  # judge what may change
                judged, share = without_islands(mask, restricted(mask, judged))
            else:
                judged = refined
            evidence['islands'] = max(evidence.get('islands', 0.0), share)
        evidence['overlap'] = compact_iou(mask, restricted(mask, judged))
        return refined


def _evidence_of(bold: RefinedMask) -> dict[str, float]:
    """Fetch the numbers of the first result from the device at once."""
    assert bold.belief is not None
    assert bold.edge_gain is not None
    assert bold.edge_contrast is not None
    belief, gain, contrast = torch.stack(
        [bold.belief, bold.edge_gain, bold.edge_contrast]
    ).tolist()
    return dict(belief=belief, edge_gain=gain, edge_contrast=contrast)


def _taken_back(
    mask: CompactMask,
    refined: RefinedMask,
    evidence: dict[str, float],
    verdict: str,
) -> RefinedMask:
    """Return the coarse mask, with the verdict and the evidence."""
    return replace(
        refined,
        box=mask.box,
        pixels=mask.pixels,
        verdict=verdict,
        probs=None,
        soft=None,
        evidence=evidence,
    )
