# Each target sets up what it needs, once; a second run starts at once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CATALOGUES := etl/language/compiled/ko/LC_MESSAGES/messages.mo
export PIP_CONSTRAINT := $(abspath constraints.txt)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test check lint messages bench bench-keras faults test-schedulers test-tools test-kotlin test-web clean help

help:
	@echo "make demo   the whole way on made-up corpora: sample, ingest, validate, build-vocab, train-baseline"
	@echo "make check  lint, and the tests that need no Java, browser, cluster or training: under a minute"
	@echo "make test   all tests; FILE=tests/x.py runs one file"
	@echo "make test-schedulers  what etl schedule writes, loaded by Airflow and Dagster in environments of their own"
	@echo "make test-tools  what ingest writes, checked by datacontract and mlcroissant in an environment of their own"
	@echo "make test-kotlin  the sources of etl export --format android, compiled and compared with Python"
	@echo "make test-web  transformers in the web, with onnxruntime-web in an environment of its own; needs npm"
	@echo "make faults  everything that can break, broken: system calls, processes, artefacts, raw files, storage"
	@echo "make messages  collects what the tool says into translations/*.po, and compiles them"
	@echo "make lint   ruff, mypy, import-linter, codespell"
	@echo "make bench  side-by-side speed comparisons, printed as tables"
	@echo "make bench-keras  the baseline against Keras; installs TensorFlow into an environment of its own"

demo: $(VENV)/.installed
	$(BIN)/etl demo demo

test: $(VENV)/.installed-dev $(CATALOGUES)
	$(BIN)/pytest $(if $(FILE),$(FILE),-n 3 --dist loadfile --no-loadscope-reorder)

check: lint $(VENV)/.installed-dev $(CATALOGUES)
	$(BIN)/pytest -n 2 --dist loadfile --hypothesis-profile quick \
	  -m "not (jvm or training or cluster or browser or slow)"

test-schedulers: $(VENV)/.installed-dev $(VENV)-airflow/.installed $(VENV)-dagster/.installed
	$(BIN)/pytest tests/publishing/test_schedulers.py

test-web: $(VENV)/.installed-dev .node/.installed
	$(BIN)/pytest tests/models/export/test_web_transformer.py

test-tools: $(VENV)/.installed-dev $(VENV)-tools/.installed
	$(BIN)/pytest tests/dataset/test_tools_of_others.py

test-kotlin: $(VENV)/.installed-dev $(VENV)-kotlin/.installed
	$(BIN)/pytest tests/models/export/test_android.py

faults: $(VENV)/.installed-dev
	PYTHONPATH=$(CURDIR)/tests:$(CURDIR) $(BIN)/python -m faults $(KINDS)

lint: $(VENV)-lint/.installed
	$(VENV)-lint/bin/ruff format --check
	$(VENV)-lint/bin/ruff check
	$(VENV)-lint/bin/mypy
	$(VENV)-lint/bin/lint-imports
	$(VENV)-lint/bin/codespell

messages: $(VENV)/.installed-dev
	PYTHONPATH=$(CURDIR) $(BIN)/python translations/messages.py

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks

bench-keras: $(VENV)/.installed-dev $(VENV)-keras/.installed
	$(BIN)/python -m benchmarks.keras_lstm $(VENV)-keras/bin/python

clean:
	rm -rf .node $(VENV) $(VENV)-lint $(VENV)-keras $(VENV)-airflow $(VENV)-dagster $(VENV)-tools $(VENV)-kotlin demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .cache

# An installation compiles them too; this is for translations that were changed since.
$(CATALOGUES): translations/ko.po | $(VENV)/.installed-dev
	$(BIN)/python translations/catalogues.py

# The stamps follow what is to be installed; the code itself is installed as a link.
$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[train]'
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[train,documents,kiwi,mecab,onnx,litert,transformer,dev]'
	# What they ask for beyond the extra [litert] contradicts pydantic, and is not needed; see pyproject.toml.
	$(BIN)/python -m pip install --quiet --no-deps litert-torch litert-converter
	touch $@

$(VENV)-lint/.installed: pyproject.toml constraints.txt
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --upgrade pip
	$(@D)/bin/python -m pip install --quiet --group lint
	$(@D)/bin/python -m pip install --quiet --no-deps fastexcel ftfy polars
	touch $@

$(VENV)-keras/.installed: benchmarks/keras-requirements.txt
	test -x $(VENV)-keras/bin/python || $(PYTHON) -m venv $(VENV)-keras
	PIP_CONSTRAINT= $(VENV)-keras/bin/python -m pip install --quiet --requirement $<
	touch $@

$(VENV)-airflow/.installed $(VENV)-dagster/.installed: $(VENV)-%/.installed: tests/publishing/%-requirements.txt
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	PIP_CONSTRAINT= $(@D)/bin/python -m pip install --quiet --requirement $<
	touch $@

# onnxruntime-web, with which a transformer is run in the web.
.node/.installed: tests/models/export/node-requirements.txt
	npm install --silent --ignore-scripts --no-save --prefix $(@D) $$(cat $<)
	touch $@

$(VENV)-tools/.installed: tests/dataset/tools-requirements.txt
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	PIP_CONSTRAINT= $(@D)/bin/python -m pip install --quiet --requirement $<
	touch $@

# The compiler stands in the package of a Jupyter kernel; what else the kernel needs is left out.
$(VENV)-kotlin/.installed: tests/models/export/kotlin-requirements.txt
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	PIP_CONSTRAINT= $(@D)/bin/python -m pip install --quiet --no-deps --requirement $<
	touch $@
