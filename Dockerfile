# CPU image. Slim, not Alpine: onnxruntime and the embedded server ship glibc wheels only.
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY records records
COPY ingest ingest
COPY model model
COPY db db
COPY worker worker
COPY reporting reporting
COPY training training
COPY moodwatch moodwatch
# EXTRA=gpu builds the image of the GPU worker; notify sends mails and the like.
ARG EXTRA="notify"
RUN python -m venv /opt/moodwatch \
    && /opt/moodwatch/bin/pip install --no-cache-dir --constraint constraints.txt ".${EXTRA:+[$EXTRA]}"

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 moodwatch \
    && mkdir /reports && chown moodwatch /reports
COPY --from=build /opt/moodwatch /opt/moodwatch
ENV PATH=/opt/moodwatch/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MOODWATCH_LOG_FORMAT=json \
    MOODWATCH_REPORT_DIR=/reports
USER moodwatch
WORKDIR /home/moodwatch
ENTRYPOINT ["moodwatch"]
CMD ["--help"]
