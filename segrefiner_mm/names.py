"""Names that several subpackages share; this module imports nothing."""

# The model that users get if they name none; its weights are bundled.
DEFAULT_MODEL = 'segrefiner-lite'
# All models that can be named.
MODEL_NAMES = (
    DEFAULT_MODEL,
    'segrefiner-tiny',
    'segrefiner-lr',
    'segrefiner-hr',
)
# Libraries that can run the network; auto is the fastest one installed.
RUNTIME_NAMES = ('auto', 'torch', 'onnxruntime', 'openvino')

# Engines for a data set in shards: this process, Ray Data, or the processes
# of a launcher.
ENGINES = ('local', 'ray', 'pytorch', 'slurm', 'mpi')
