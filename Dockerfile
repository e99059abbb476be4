# An image with the tap alone. It takes its settings from the environment:
#   docker build --build-arg VERSION=0.1.0 --tag tap-vtex .
#   docker run --rm --env-file .env tap-vtex --config=ENV --check
FROM python:3.13-slim

# The version comes from the tags of the repository, and .git is not in the image.
ARG VERSION=0.0.0
COPY pyproject.toml README.md LICENSE CHANGELOG.md /src/
COPY tap_vtex /src/tap_vtex
RUN SETUPTOOLS_SCM_PRETEND_VERSION="$VERSION" pip install --no-cache-dir /src \
    && useradd --create-home --uid 1000 tap
USER 1000
WORKDIR /home/tap

ENTRYPOINT ["tap-vtex"]
CMD ["--config=ENV"]
