default_scope = 'segrefiner_mm'
log_level = 'INFO'
load_from = None
resume = False
randomness = dict(seed=0)  # of the first weights; the data has its own

log_processor = dict(by_epoch=False)
default_hooks = dict(
    logger=dict(type='LoggerHook', interval=50, log_metric_by_epoch=False),
    checkpoint=dict(
        type='CheckpointHook', interval=1000, by_epoch=False, max_keep_ckpts=3
    ),
    # Stops a run that has collapsed, with an explanation.
    watchdog=dict(type='CollapseWatchdogHook'),
    visualization=dict(type='RefineVisualizationHook', count=8),
)
visualizer = dict(
    type='RefineVisualizer', vis_backends=[dict(type='LocalVisBackend')]
)
