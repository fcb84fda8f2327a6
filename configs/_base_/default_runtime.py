default_scope = 'segrefiner_mm'
log_level = 'INFO'
load_from = None
resume = False
