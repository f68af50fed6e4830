# perfgate with exactly what its lock names, as `make` installs it: nothing is resolved, and every file has its hash.
FROM python:3.13-slim AS build
WORKDIR /build
RUN python -m venv /opt/perfgate
COPY requirements.txt ./
RUN /opt/perfgate/bin/python -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN /opt/perfgate/bin/python -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps --no-build-isolation .
RUN /opt/perfgate/bin/python -m pip check

FROM python:3.13-slim
# Git, since a result names its revision, and a history may be a branch.
RUN apt-get update && apt-get install --yes --no-install-recommends git && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --create-home perfgate
COPY --from=build /opt/perfgate /opt/perfgate
ENV PATH="/opt/perfgate/bin:${PATH}" PYTHONUNBUFFERED=1
WORKDIR /work
RUN chown perfgate /work
USER 10001
ENTRYPOINT ["perfgate"]
CMD ["--help"]
