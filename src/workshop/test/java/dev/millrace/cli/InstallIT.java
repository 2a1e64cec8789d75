package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The archive that {@code mvn package} makes, unpacked where there is Java and the system's own tools, and neither sources nor Maven. */
@Tag("slow")
class InstallIT {

    private static final long MOST_BYTES = 130_000_000;
    private static final int PATIENCE = 180; // seconds
    private static final List<String> TOOLS =
            List.of("bash", "env", "grep", "sed", "find", "mktemp", "flock", "rm", "id", "readlink", "dirname", "true");

    /** A relative link of a page, without its anchor. */
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]+)");

    private final Path directory;
    private Path home = Path.of("");

    InstallIT(@TempDir Path directory) {
        this.directory = directory;
    }

    private static Path archive() throws IOException {
        try (Stream<Path> made = Files.list(Path.of("target"))) {
            return made.filter(file -> file.getFileName().toString().matches("millrace-.*(?<!-nd4j)\\.tar\\.gz"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @BeforeEach
    void unpack() throws Exception {
        Process tar = new ProcessBuilder(
                        "tar", "-xzf", archive().toAbsolutePath().toString(), "-C", directory.toString())
                .inheritIO()
                .start();
        assertThat(tar.waitFor()).isZero();
        try (Stream<Path> unpacked = Files.list(directory)) {
            home = unpacked.findFirst().orElseThrow();
        }
        Path bin = Files.createDirectory(directory.resolve("bin"));
        for (String tool : TOOLS) {
            Path found = Stream.of("/usr/bin", "/bin")
                    .map(folder -> Path.of(folder, tool))
                    .filter(Files::isExecutable)
                    .findFirst()
                    .orElseThrow(() -> new AssertionError(tool));
            Files.createSymbolicLink(bin.resolve(tool), found);
        }
    }

    @AfterEach
    void unlink() throws IOException {
        for (String tool : TOOLS) {
            Files.deleteIfExists(directory.resolve("bin").resolve(tool));
        }
    }

    @Test
    void itIsSmallAndHasWhatItNeeds() throws IOException {
        assertThat(Files.size(archive())).isLessThanOrEqualTo(MOST_BYTES);
        assertThat(home.resolve("bin/millrace")).isExecutable();
        assertThat(home).isDirectoryContaining("glob:**/LICENSE").isDirectoryContaining("glob:**/README.md");
        assertThat(home.resolve("config/shop.properties")).exists();
        assertThat(home.resolve("schemas")).isNotEmptyDirectory();
        assertThat(home.resolve("bom.json")).content().contains("\"bomFormat\" : \"CycloneDX\"", "kafka-streams");
        assertThat(home.resolve("THIRD-PARTY.txt"))
                .content()
                .contains("org.apache.kafka:kafka-streams:")
                .doesNotContainIgnoringCase("unknown license");
        try (Stream<Path> jars = Files.list(home.resolve("lib"))) {
            Set<String> names = jars.map(jar -> jar.getFileName().toString()).collect(Collectors.toSet());
            assertThat(names).anyMatch(name -> name.startsWith("millrace-"));
            assertThat(names).noneMatch(name -> name.matches("(nd4j-native|openblas|javacpp)-.*-(linux|macosx)-.*"));
            assertThat(names).noneMatch(name -> name.contains("junit") || name.contains("assertj"));
        }
    }

    @Test
    void whatItsPagesLinkToIsThere() throws IOException {
        try (Stream<Path> files = Files.walk(home)) {
            List<Path> pages =
                    files.filter(file -> file.toString().endsWith(".md")).toList();
            assertThat(pages).hasSizeGreaterThan(50).allSatisfy(page -> assertThat(LINK.matcher(Files.readString(page))
                            .results()
                            .map(link -> link.group(1))
                            .filter(target -> !target.contains("://"))
                            .map(target -> page.resolveSibling(target).normalize()))
                    .allSatisfy(target -> assertThat(target).exists()));
        }
    }

    @Test
    void aDemoLearnsAndAnswers() throws Exception {
        Run demo = demo("--events", "3000");

        assertThat(demo.status).as(demo.output).isZero();
        assertThat(demo.output).doesNotContain("building").containsPattern("(?m)^\\| model .*\\| 0\\.\\d+ ");
    }

    @Test
    void theOtherEngineSaysWhatItLacks() throws Exception {
        Run demo = demo("--events", "100", "--set", "model.engine=nd4j");

        assertThat(demo.status).as(demo.output).isEqualTo(2);
        assertThat(demo.output)
                .contains("model.engine = nd4j: needs the native libraries of ND4J for this machine on the class path");
    }

    @Test
    void withoutJavaItSaysSo() throws Exception {
        Run without = run(directory.resolve("none").toString(), List.of("demo"));

        assertThat(without.status).isEqualTo(2);
        assertThat(without.output).contains("no Java at " + directory.resolve("none/bin/java"), "JRE of 17 or later");
    }

    private record Run(int status, String output) {}

    private Run demo(String... options) throws Exception {
        List<String> more = new ArrayList<>(List.of("--until-end", "--speed", "max", "--set", "train.http.port=0"));
        more.addAll(List.of(options));
        return run(System.getProperty("java.home"), List.of(GeneratedShop.demo(more.toArray(String[]::new))));
    }

    private Run run(String java, List<String> arguments) throws Exception {
        Path said = directory.resolve("output");
        List<String> command =
                new ArrayList<>(List.of(home.resolve("bin/millrace").toString()));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", directory.resolve("bin").toString());
        builder.environment().put("HOME", directory.toString());
        builder.environment().put("JAVA_HOME", java);
        builder.environment().put("MILLRACE_HEAP", "768m");
        Process process = builder.start();
        try {
            assertThat(process.waitFor(PATIENCE, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
        return new Run(process.exitValue(), Files.readString(said));
    }
}
