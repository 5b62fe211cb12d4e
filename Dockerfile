# The program in a container: API, worker and every command of `quarterturn` are this one image.
#
#     docker build --tag quarterturn .
#     docker run --rm quarterturn --help

# What it is made of: by the locks, each file by its hash.
FROM python:3.13-slim AS made
WORKDIR /source
COPY requirements/image.txt requirements/build.txt requirements/
# pip stays outside of what is handed on.
RUN python -m venv --without-pip /opt/quarterturn \
 && python -m pip --python /opt/quarterturn install --no-cache-dir --require-hashes --requirement requirements/image.txt \
 && python -m pip install --no-cache-dir --require-hashes --requirement requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
 && python -m pip --python /opt/quarterturn install --no-cache-dir --no-deps /wheels/*.whl

# What is handed on: Python, the program, and a user who may do nothing else.
FROM python:3.13-slim
RUN groupadd --system --gid 10001 quarterturn \
 && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin quarterturn
COPY --from=made /opt/quarterturn /opt/quarterturn
ENV PATH=/opt/quarterturn/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    QUARTERTURN_DATA_FOLDER=/tmp/quarterturn
USER 10001:10001
EXPOSE 8000
# The program asks itself. A worker is asked otherwise: compose.yaml says how.
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["quarterturn", "health"]
ENTRYPOINT ["quarterturn"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
