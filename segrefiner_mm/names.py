"""Names that several subpackages share; nothing heavy is imported here."""

# The model that users get if they name none; its weights are bundled.
DEFAULT_MODEL = 'segrefiner-lite'
# All models that can be named.
MODEL_NAMES = (
    DEFAULT_MODEL,
    'segrefiner-tiny',
    'segrefiner-lr',
    'segrefiner-hr',
)
# What can run the network; auto is the fastest of those that are installed.
RUNTIME_NAMES = ('auto', 'torch', 'onnxruntime', 'openvino')

# What does the work of a data set in shards: this process, Ray Data, or the
# processes of a launcher.
ENGINES = ('local', 'ray', 'pytorch', 'slurm', 'mpi')
