FROM maven:3.9-eclipse-temurin-17 AS build
WORKDIR /build
COPY . ./
# docker build --build-arg COMMIT=$(git rev-parse --short HEAD): the image's --version names it
ARG COMMIT=unknown
RUN mvn -B -q -Dmaven.test.skip=true -Dmaven.buildNumber.revisionOnScmFailure="$COMMIT" package \
    && mkdir /install && tar -xzf target/millrace-*.tar.gz -C /install --strip-components=1

FROM eclipse-temurin:17-jre
RUN useradd --create-home --uid 10001 millrace \
    && install -d -o millrace -g millrace /var/lib/millrace
COPY --from=build /install /opt/millrace
RUN /opt/millrace/bin/millrace --archive-classes
USER millrace
# relative paths in settings, such as the state directories, start here
WORKDIR /var/lib/millrace
ENTRYPOINT ["/opt/millrace/bin/millrace"]
CMD ["--help"]
