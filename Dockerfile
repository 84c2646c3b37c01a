# Gateway, API and simulators in one image; docker-compose.yml says which command each container runs.
# Nothing secret goes in: secrets are files mounted at run time (ANXIN_SECRETS_DIR, see docs/deployment.md).

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/anxin
# The locked parts first, with hashes: they change seldom and stay a layer of their own.
COPY requirements.lock /src/
RUN /opt/anxin/bin/python -m pip install --require-hashes --no-deps -r /src/requirements.lock
# The pages people look at, with a Node that is locked like the rest and stays behind in this stage.
COPY requirements-node.lock /src/
RUN python -m venv /opt/node \
 && /opt/node/bin/python -m pip install --require-hashes --no-deps -r /src/requirements-node.lock
COPY api/console /src/api/console
RUN /opt/node/bin/python /src/api/console/build.py && rm -rf /src/api/console/node_modules
COPY pyproject.toml setup.py README.md LICENSE /src/
COPY gateway /src/gateway
COPY rules /src/rules
COPY connectors /src/connectors
COPY api /src/api
COPY simulators /src/simulators
RUN /opt/anxin/bin/python -m pip install --no-deps --no-build-isolation /src

FROM python:3.11-slim-bookworm
# A number of our own: volumes made from these folders belong to it, and nothing else on a host does.
RUN groupadd --gid 10001 anxin \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/anxin --shell /usr/sbin/nologin anxin \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/anxin \
 && install -d -o 10001 -g 10001 -m 0750 /etc/anxin/secrets \
 && install -d -o 10001 -g 10001 -m 0700 /etc/anxin/secrets/logins /etc/anxin/secrets/broker
COPY --from=build /opt/anxin /opt/anxin
# LOGNAME: whoever applies migrations writes down a name, also when run with `--user` and a number nobody knows.
ENV PATH=/opt/anxin/bin:$PATH \
    LOGNAME=anxin \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ANXIN_HOME=/var/lib/anxin \
    ANXIN_SECRETS_DIR=/etc/anxin/secrets
USER 10001:10001
WORKDIR /var/lib/anxin
# Start it with an init (`init: true`, `docker run --init`): `anxin run` has children of its own.
# What is well differs by role, so the health checks stand in docker-compose.yml: `anxin health gateway|api`.
CMD ["anxin", "run"]
