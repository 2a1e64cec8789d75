FROM maven:3.9-eclipse-temurin-17 AS build
WORKDIR /build
COPY pom.xml ./
COPY src/main src/main
# docker build --build-arg COMMIT=$(git rev-parse --short HEAD): the image's --version names it
ARG COMMIT=unknown
RUN mvn -B -q -DskipTests -Djacoco.skip=true -Dmaven.buildNumber.revisionOnScmFailure="$COMMIT" prepare-package

FROM eclipse-temurin:17-jre
RUN useradd --create-home --uid 10001 millrace \
    && install -d -o millrace -g millrace /var/lib/millrace
WORKDIR /opt/millrace
COPY bin bin
COPY config config
COPY schemas schemas
COPY --from=build /build/target/lib target/lib
COPY --from=build /build/target/classes target/classes
USER millrace
# relative paths in settings, such as the state directories, start here
WORKDIR /var/lib/millrace
ENTRYPOINT ["/opt/millrace/bin/millrace"]
CMD ["--help"]
