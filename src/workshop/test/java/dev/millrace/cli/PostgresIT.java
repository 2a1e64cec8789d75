package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.millrace.topic.FreePort;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The page that leads from PostgreSQL to an answer and back, as it is written, but for ports and the installation of packages. Without PostgreSQL, pgvector
 * and {@code kcat} it is skipped, or fails where CI is set.
 */
@Tag("slow")
class PostgresIT {

    private static final Path PAGE = Path.of("docs/your-own-data.md");
    private static final Path PROGRAMS = Path.of("/usr/lib/postgresql/17/bin");
    private static final Path VECTORS = Path.of("/usr/share/postgresql/17/extension/vector.control");
    private static final Path KCAT = Path.of("/usr/bin/kcat");
    private static final Duration TEN_MINUTES = Duration.ofMinutes(10);
    private static final int BROKER = FreePort.find();
    private static final int RECALL = FreePort.find();

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit fills it
    Path directory;

    @Test
    void rowsAndTopicsBecomeAnswersAndVectorsRows() throws Exception {
        assumeThat(Stream.of(PROGRAMS, VECTORS, KCAT).allMatch(Files::exists) || System.getenv("CI") != null)
                .isTrue();
        program();
        for (String folder : List.of("src/example", "config/connect")) {
            Files.createDirectories(directory.resolve(folder).getParent());
            bash("cp -r " + Path.of(folder).toAbsolutePath() + " " + directory.resolve(folder));
        }
        int database = FreePort.find();
        server("initdb -D DATA/cluster -U shop --auth=trust -N");
        server("pg_ctl -D DATA/cluster -w -l DATA/log start -o '-p " + database
                + " -c wal_level=logical -c unix_socket_directories=DATA -c listen_addresses=127.0.0.1'");
        try {
            String answers = bash(
                    "trap 'kill $(jobs -p); wait' EXIT\n" + commands("export KAFKA", database)
                            + """
                    until [ "$(psql -Atc 'select count(*) from item_vectors')" = 400 ]; do sleep 1; done
                    """
                            + commands("VECTOR=", database)
                            + """
                    psql -qc "delete from products where sku = 'p1'"
                    until [ "$(psql -Atc 'select count(*) from item_vectors')" = 399 ]; do sleep 1; done
                    psql -Atc "select 'left: ' || count(*) from item_vectors where id = 'p1'"
                    """);

            assertThat(answers).contains("\"items\":[{", "left: 0");
            assertThat(answers.lines().filter(line -> line.matches(" p\\d+ .*| p\\d+")))
                    .as("rows of both queries of\n" + answers)
                    .hasSize(10);
        } finally {
            server("pg_ctl -D DATA/cluster -m immediate stop");
        }
    }

    /** The commands of the block that begins so, with ports that are free. */
    private static String commands(String begin, int database) throws IOException {
        DocumentedCommands block = DocumentedCommands.of(PAGE, begin).with("127.0.0.1:8080", "127.0.0.1:" + RECALL);
        if (begin.startsWith("export")) {
            block = block.with("127.0.0.1:9092", "127.0.0.1:" + BROKER)
                    .with("PGPORT=5432", "PGPORT=" + database)
                    .with("broker --dir", "broker --port " + BROKER + " --dir")
                    .with("millrace serve", "millrace serve --set serve.port=" + RECALL);
        }
        return block.text();
    }

    /** Makes {@code bin/millrace} of this build. */
    private void program() throws IOException {
        Path program = Files.createDirectories(directory.resolve("bin")).resolve("millrace");
        Files.writeString(
                program,
                """
                #!/bin/sh
                exec java -Xmx768m -XX:TieredStopAtLevel=1 -cp '%s' %s "$@"
                """
                        .formatted(System.getProperty("java.class.path"), Millrace.class.getName()));
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** Runs a program of PostgreSQL, which refuses to be root. */
    private void server(String command) throws Exception {
        Path data = Path.of("/tmp", "millrace-postgres-" + directory.getFileName());
        boolean isRoot = System.getProperty("user.name").equals("root");
        bash("mkdir -p " + data
                + (isRoot ? " && chown postgres " + data + " && cd / && runuser -u postgres -- " : " && ") + PROGRAMS
                + "/" + command.replace("DATA", data.toString()));
        if (command.contains("stop")) {
            bash("rm -rf " + data);
        }
    }

    private String bash(String commands) throws IOException, InterruptedException {
        Path said = directory.resolve("said.log");
        ProcessBuilder bash = new ProcessBuilder("bash", "-euc", commands)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile());
        bash.environment().putAll(Map.of("OMP_NUM_THREADS", "1"));
        Process process = bash.start();
        boolean hasEnded = process.waitFor(TEN_MINUTES.toSeconds(), TimeUnit.SECONDS);
        if (!hasEnded) {
            process.destroy();
            process.waitFor();
        }
        String output = Files.readString(said, StandardCharsets.UTF_8);
        assertThat(hasEnded).as(output).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        return output;
    }
}
