"""A guard that keeps good masks, and leaves other results as they are."""

from segrefiner_mm.windows.do_no_harm_guard import DoNoHarmGuard
from segrefiner_mm.windows.window_plan import (
    KEPT,
    Plan,
    RefineTask,
    WindowPlan,
)


class KeepingGuard(DoNoHarmGuard):
    """Keeps what another guard keeps, but undoes nothing.

    For videos, where earlier frames judge what the network sees in a frame.

    Args:
        guard (DoNoHarmGuard): The guard whose limits are used.
    """

    def __init__(self, guard: DoNoHarmGuard) -> None:
        super().__init__()
        vars(self).update(vars(guard))

    def refine(self, plan: WindowPlan, task: RefineTask) -> Plan:
        """Refine one mask by a plan, with all steps; or keep it.

        Args:
            plan (WindowPlan): Chooses the windows.
            task (RefineTask): See :meth:`WindowPlan.refine`.

        Returns:
            Generator: The coroutine; see :meth:`WindowPlan.refine`. The
            ``evidence`` of its refined mask is that of
            :meth:`DoNoHarmGuard.refine` up to ``edge_contrast``.
        """
        seen = yield from self._judged(plan, task)
        if seen.verdict == KEPT:
            return seen
        return (yield from plan.finish(task, seen))
