# `make demo` and `make test` need Python 3.10+, a C++ compiler and make.
PYTHON ?= python3
# Any source of the tested PyTorch, e.g. TORCH="torch==2.13.0 --index-url ..."
TORCH ?= $(shell grep '^torch==' constraints.txt)
MMCV := $(shell grep '^onedl-mmcv==' constraints.txt)

CORE := .venv-core
FULL := .venv
DOCS := .venv-docs
PIP := -m pip install --quiet --disable-pip-version-check

.PHONY: demo test test-slow test-cuda lint format bench bench-quality fuzz soak docs clean

demo: $(CORE)/ready
	$(CORE)/bin/python demo/demo.py

# As many processes as cores, so one thread for each.
test: export OMP_NUM_THREADS ?= 1
test: $(FULL)/ready
	$(FULL)/bin/python -m pytest -n auto --dist loadfile -m "not slow"

test-slow: $(FULL)/ready
	$(FULL)/bin/python -m pytest -m slow

# Set TORCH to a build with CUDA for the virtual environment.
test-cuda: $(CORE)/ready
	$(CORE)/bin/python $(PIP) -c constraints.txt pytest
	$(CORE)/bin/python -m pytest -m cuda tests/test_cuda

lint: $(FULL)/ready
	$(FULL)/bin/ruff check .
	$(FULL)/bin/ruff format --check .
	$(FULL)/bin/mypy

format: $(FULL)/ready
	$(FULL)/bin/ruff check --fix .
	$(FULL)/bin/ruff format .

# make bench LVIS=lvis_v1_val.json: synthesis on those masks too
bench: $(CORE)/ready
	$(CORE)/bin/python tools/benchmark_runtimes.py
	$(CORE)/bin/python tools/benchmark_windows.py
	$(CORE)/bin/python tools/benchmark.py
	$(CORE)/bin/python tools/benchmark_throughput.py
	$(CORE)/bin/python tools/benchmark_growth.py
	$(CORE)/bin/python tools/benchmark_boundary_ap.py
	$(CORE)/bin/python tools/benchmark_synthesis.py $(if $(LVIS),--ann-file $(LVIS))

# make bench-quality DATA="folder --limit 50": see tools/benchmark_quality.py
bench-quality: $(CORE)/ready
	$(CORE)/bin/python tools/benchmark_quality.py $(DATA)

# make fuzz FUZZ="--reader 'det pickle' --count 5000": see tools/fuzz.py
fuzz: $(CORE)/ready
	$(CORE)/bin/python tools/fuzz.py $(FUZZ)

soak: $(CORE)/ready
	$(CORE)/bin/python tools/soak.py

# The site is written to site/; index.html opens without a server.
docs: $(DOCS)/ready
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --strict

clean:
	rm -rf $(CORE) $(FULL) $(DOCS) site build dist *.egg-info segrefiner_mm/.mim demo/out

# The core alone: mmcv without compiled ops, which takes seconds. pip's cache
# cannot tell the two builds of mmcv apart, so this one stays out of it.
$(CORE)/ready: requirements.txt constraints.txt setup.py
	$(PYTHON) -m venv --clear $(CORE)
	$(CORE)/bin/python $(PIP) $(TORCH)
	$(CORE)/bin/python $(PIP) --no-deps --no-cache-dir $(MMCV)
	$(CORE)/bin/python $(PIP) -r requirements.txt -e .
	touch $@

# With mmdet and mmseg: mmcv's ops are compiled against the installed torch,
# about ten minutes the first time and seconds from the cache after.
$(FULL)/ready: requirements.txt requirements-test.txt constraints.txt setup.py
	$(PYTHON) -m venv --clear $(FULL)
	$(FULL)/bin/python $(PIP) $(TORCH)
	$(FULL)/bin/python $(PIP) "setuptools>=77" wheel ninja
	@echo "mmcv: compiling its ops, unless they are cached (about 10 minutes)"
	$(FULL)/bin/python $(PIP) --no-build-isolation $(MMCV)
	$(FULL)/bin/python -c "import mmcv.ops" || $(FULL)/bin/python $(PIP) \
	    --no-build-isolation --no-cache-dir --no-deps --force-reinstall $(MMCV)
	$(FULL)/bin/python $(PIP) -r requirements.txt -r requirements-test.txt
	$(FULL)/bin/python $(PIP) -e .
	$(FULL)/bin/python -c "import mmcv.ops, mmdet.models, mmseg.models"
	touch $@

# MkDocs reads the source and imports nothing of the package.
$(DOCS)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv --clear $(DOCS)
	$(DOCS)/bin/python $(PIP) -c constraints.txt mkdocs mkdocs-material \
	    "mkdocstrings[python]"
	touch $@
