# The connector: Node, one file, no shell. Both base images are arguments, so that a mirror can stand in for them.
ARG BUILD_IMAGE=docker.io/library/node:24.21.0-bookworm-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node scripts/build.ts culvert

FROM ${RUNTIME_IMAGE}
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /src/dist/culvert.js /usr/local/lib/culvert/culvert.js
# Bounds V8's heap; bodies lie outside of it, bounded by windows of their own. What the start frees goes back to the system.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2 MALLOC_TRIM_THRESHOLD_=524288 NODE_OPTIONS="--max-semi-space-size=1 --max-old-space-size=192" TUNNEL_METRICS=0.0.0.0:20241
# In numbers: Kubernetes' runAsNonRoot cannot judge a name.
USER 65532:65532
EXPOSE 20241
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
  CMD ["/usr/local/bin/node", "/usr/local/lib/culvert/culvert.js", "ready"]
ENTRYPOINT ["/usr/local/bin/node", "/usr/local/lib/culvert/culvert.js"]
CMD ["connect"]
