# Lets 'mmseg::' in the bases that follow resolve on the maintained line too,
# whose distribution has another name than mmengine's table says.
import importlib

importlib.import_module('segrefiner_mm')
