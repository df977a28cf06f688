# Everything a developer runs. `make demo` and `make test` do all their own set-up.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# What `make servers` installs: commands, which Debian's packages are called after, but for two. Envoy comes with the Python packages.
SERVERS := nginx chromium strace nsd unbound dig ip
ARGS   ?=
WORKERS ?= 2

.PHONY: help setup demo test check format servers bench soak lock clean

help:
	@echo "make demo     compare two local gateways: a faithful pair, then a faulty one"
	@echo "make test     all tests (installs the servers they need where it can)"
	@echo "make check    ruff, format, mypy --strict"
	@echo "make servers  nginx, Chromium, strace, nsd, unbound and dig from Debian (as root)"
	@echo "make bench    measure speed and memory, results in bench-results/"
	@echo "make soak     long runs, outside the tests"
	@echo "make lock     write constraints.txt anew from what is installed"

setup: $(STAMP)

# A Python without ensurepip (Debian without python3-venv) still has its own pip: let that one fill the environment.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "cutover needs Python 3.11 or newer; none found (set PYTHON=/path/to/python3)" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11) and "cutover needs Python 3.11 or newer; this is " + sys.version)'
	@echo "setting up $(VENV) with $$("$(PYTHON)" --version)"
	@"$(PYTHON)" -m venv $(VENV) 2>/dev/null || { \
		"$(PYTHON)" -m venv --clear --without-pip $(VENV) && "$(PYTHON)" -m pip --python $(BIN)/python install --quiet pip; }

# The build backend is pinned like everything else, so the project is built without an isolated environment.
$(STAMP): pyproject.toml constraints.txt $(BIN)/python
	@$(PIP) pip hatchling editables
	@$(PIP) --no-build-isolation --editable . --group dev
	@touch $@

demo: $(STAMP)
	$(BIN)/cutover demo $(ARGS)

# Tests start the command a thousand times: it is compiled once, wherever the environment says not to keep that.
# Two at a time, then by themselves those that measure times (marked `alone`); with ARGS, as pytest runs them.
test: export PYTHONDONTWRITEBYTECODE =
test: $(STAMP)
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then $(MAKE) --no-print-directory servers || true; fi
ifeq ($(strip $(ARGS)),)
	@first=0; $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not alone" || first=$$?; \
	[ $$first -le 1 ] || exit $$first; \
	$(BIN)/python -m pytest -m alone && exit $$first
else
	$(BIN)/python -m pytest $(ARGS)
endif

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Tests start their servers themselves, on free ports: RUNLEVEL=1 keeps the packages from starting services of their own,
# and what systemd started all the same is stopped.
servers:
	@missing=; for name in $(SERVERS); do \
		PATH="$$PATH:/usr/sbin" command -v "$$name" >/dev/null || missing="$$missing $$name"; done; \
	if [ -z "$$missing" ]; then echo "servers: all there ($(SERVERS))"; exit 0; fi; \
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
		echo "servers: missing:$$missing; run this as root on Debian, or install them yourself" >&2; exit 1; fi; \
	echo "servers: installing$$missing"; \
	export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1; \
	packages=$$(echo "$$missing" | sed 's/ dig\b/ bind9-dnsutils/; s/ ip\b/ iproute2/'); \
	apt-get update -qq && \
	apt-get install -y -qq -o DPkg::Lock::Timeout=120 --no-install-recommends $$packages >/dev/null || exit 1; \
	for name in nginx nsd unbound; do \
		case "$$missing " in *" $$name "*) service $$name stop >/dev/null 2>&1 || true;; esac; done

bench: $(STAMP)
	$(BIN)/python -m tests.bench $(ARGS)

soak: $(STAMP)
	WHOLE_CATALOGUE=1 $(BIN)/python -m pytest tests/e2e/test_security_catalogue.py tests/e2e/test_load_catalogue.py \
		tests/e2e/test_load_unseen.py
	WHOLE_CATALOGUE=1 $(BIN)/python -m pytest tests/e2e/test_load_hostile.py tests/e2e/test_load_hosts.py \
		tests/e2e/test_load_secrets.py tests/e2e/test_load_credentials.py
	WHOLE_CATALOGUE=1 $(BIN)/python -m pytest tests/e2e/test_dns_catalogue.py tests/e2e/test_dns_unseen.py \
		tests/e2e/test_dns_hostile.py tests/e2e/test_dns_secrets.py tests/e2e/test_dns_kills.py
	WHOLE_SIMULATION=1 $(BIN)/python -m pytest tests/unit/stats/test_sample_tables.py tests/unit/load/test_judge.py
	$(BIN)/python -m tests.bench.soak $(ARGS)

# The newest versions that fit, installed afresh and then written down: no hashes, no addresses, nothing of this platform.
lock: $(STAMP)
	rm -rf $(VENV)-lock && "$(PYTHON)" -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet --upgrade pip hatchling editables
	$(VENV)-lock/bin/python -m pip install --quiet --no-build-isolation --editable . --group dev
	@{ echo "# Exact versions of everything installed for development; \`make lock\` writes it."; \
	   $(VENV)-lock/bin/python -m pip freeze --all --exclude-editable --exclude setuptools; \
	   echo 'colorama==0.4.6  # only on Windows'; } > constraints.txt.new
	mv constraints.txt.new constraints.txt && rm -rf $(VENV)-lock

clean:
	rm -rf $(VENV) $(VENV)-lock .cutover-cache .mypy_cache .ruff_cache .pytest_cache build dist *.egg-info
