package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Where the launcher unpacks native libraries, and what it removes there. What another user could plant in a shared directory stands
 * there already; Java is a script that tells its temporary directory and may wait.
 */
class LauncherTest {

    private static final String MARK = ".made-by-millrace";
    private static final String JAVA =
            """
            #!/usr/bin/env bash
            case "$1" in
              -XshowSettings*)
                [ -z "${OLD:-}" ] || { echo "$OLD"; exit 1; }
                echo 'java.specification.version = 17'
                echo "java.vm.version = ${VM:-17.0.1+1}"
                exit
                ;;
            esac
            for option; do
              [ "${before:-}" != -cp ] || printf 'class path %s\\n' "$option"
              before=$option
              case "$option" in
                -Djava.io.tmpdir=*) temporary=${option#*=}; printf '%s\\n' "$temporary" | tr '\\n' '|'; echo ;;
                -Dorg.bytedeco.javacpp.cachedir=*) printf 'kernels %s\\n' "${option#*=}" ;;
                -XX:SharedArchiveFile=*) printf 'classes of %s\\n' "${option#*=}" ;;
                -XX:ArchiveClassesAtExit=*) archive=${option#*=} ;;
              esac
            done
            if [ -n "${archive:-}" ]; then
              touch "$archive"
              if [ -f "$temporary/.made-by-millrace" ]; then rm -r "$temporary"; fi # as the program does
              [ -z "${FAILS:-}${MILLRACE_CONFIG:-}" ] || { echo "no room"; exit 1; }
            fi
            [ "${!#}" != wait ] || exec sleep 60
            """;

    private final Path directory;
    private final Path shared;
    private final String user;

    LauncherTest(@TempDir Path directory) throws Exception {
        this.directory = directory.toRealPath();
        shared = Files.createDirectory(this.directory.resolve("shared"));
        user = text(new ProcessBuilder("id", "-u").start());
    }

    @BeforeEach
    void aProgramWithoutSourcesAndAScriptForJava() throws IOException {
        permit(shared, "rwxrwxrwx");
        sticky(shared);
        Path bin = Files.createDirectories(directory.resolve("program/bin"));
        Files.copy(Path.of("bin/millrace"), bin.resolve("millrace"));
        Path java = Files.createDirectories(directory.resolve("java/bin")).resolve("java");
        Files.writeString(java, JAVA);
        permit(java, "rwxr-xr-x");
        Files.createDirectory(directory.resolve("home"));
    }

    /** Java 8 does not know an option by which it is asked; Java 11 does. */
    @ParameterizedTest
    @ValueSource(strings = {"Unrecognized option: --list-modules", "java.specification.version = 11"})
    void anOldJavaIsNamed(String said) throws Exception {
        Run run = run(Map.of("TMPDIR", shared.toString(), "OLD", said));

        assertThat(run.status).isEqualTo(2);
        assertThat(run.errors).contains("must be 17 or later");
    }

    /** What was there before is neither used nor removed, whatever name, mark and owner it has. */
    @Test
    void whatTheLauncherDidNotMakeStays() throws Exception {
        String prefix = "millrace-" + user;
        Path victim = planted(directory.resolve("victim"), "rwx------");
        Files.createSymbolicLink(shared.resolve(prefix), victim);
        Files.createSymbolicLink(shared.resolve(prefix + "-linked"), victim);
        List<Path> planted = new ArrayList<>(List.of(victim));
        for (String permissions : List.of("rwxrwxrwx", "rwxrwx---", "rwxr-xr-x")) {
            planted.add(planted(shared.resolve(prefix + "-" + permissions), permissions));
        }
        planted.add(planted(shared.resolve(prefix + "-unmarked"), "rwx------"));
        Files.delete(shared.resolve(prefix + "-unmarked").resolve(MARK));
        if (user.equals("0")) { // who alone can give things away
            Path theirs = planted(shared.resolve(prefix + "-theirs"), "rwx------");
            planted.add(theirs);
            assertThat(new ProcessBuilder("chown", "-R", "12345", theirs.toString())
                            .start()
                            .waitFor())
                    .isZero();
        }
        Path file = Files.writeString(shared.resolve(prefix + "-file"), "in the way");

        Run run = run(shared.toString());

        assertThat(run.status).as(run.errors).isZero();
        assertThat(Path.of(run.temporary())).hasParent(shared);
        assertThat(planted).doesNotContain(Path.of(run.temporary())).allSatisfy(one -> assertThat(one.resolve("thesis"))
                .hasContent("years of work"));
        assertThat(shared.resolve(prefix + "-linked")).isSymbolicLink();
        assertThat(file).hasContent("in the way");
    }

    private static Path planted(Path made, String permissions) throws IOException {
        Files.createDirectory(made);
        Files.writeString(made.resolve("thesis"), "years of work");
        Files.writeString(made.resolve(MARK), "");
        permit(made, permissions);
        return made;
    }

    @Test
    void onlyWhatAKilledProcessLeftIsRemoved() throws Exception {
        Process killed = start(Map.of("TMPDIR", shared.toString()), "wait");
        Path left = Path.of(firstLine(killed));
        Files.writeString(left.resolve("librocksdbjni.so"), "unpacked");
        Process running = start(Map.of("TMPDIR", shared.toString()), "wait");
        Path used = Path.of(firstLine(running));
        try {
            killed.destroyForcibly().waitFor();

            assertThat(run(shared.toString()).status).isZero();

            assertThat(left).doesNotExist();
            assertThat(used).isDirectory();
        } finally {
            running.destroyForcibly().waitFor();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rwxrwxrwx", "rwxrwxr-x"})
    void aDirectoryInWhichOthersMayReplaceThingsIsRefused(String permissions) throws Exception {
        Path within = Files.createDirectory(shared.resolve("within"));
        permit(shared, permissions); // takes the sticky bit away

        for (Path temporary : List.of(shared, within)) {
            Run run = run(temporary.toString());

            assertThat(run.status).isEqualTo(2);
            assertThat(run.errors)
                    .startsWith(
                            "TMPDIR = " + temporary + ": other users may replace what is in " + shared + "; it must");
        }
        assertThat(run(Map.of("TMPDIR", shared.toString(), "MILLRACE_SHARED_TMPDIR", "accept")).status)
                .isZero();
    }

    @Test
    void aDirectoryThatIsNoneIsRefused() throws Exception {
        Run run = run(directory.resolve("absent").toString());

        assertThat(run.status).isEqualTo(2);
        assertThat(run.errors).isEqualTo("TMPDIR = " + directory.resolve("absent") + ": must be a directory\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"with spaces", "-rf", "new\nline", "ends with one\n", "a*", "$(id)"})
    void javaGetsANewDirectoryThatIsOursInAFolderOfAnyName(String name) throws Exception {
        Path odd = Files.createDirectory(directory.resolve(name));

        Run run = run(odd.toString());

        assertThat(run.status).as(run.errors).isZero();
        try (Stream<Path> made = Files.list(odd)) {
            Path own = made.findFirst().orElseThrow();
            assertThat(run.temporary()).isEqualTo(own.toString().replace('\n', '|'));
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(own)))
                    .isEqualTo("rwx------");
        }
    }

    @Test
    void withoutTheVariableItIsInTmp() throws Exception {
        for (Map<String, String> environment : List.of(Map.of("TMPDIR", ""), Map.<String, String>of())) {
            Run run = run(environment);

            assertThat(run.status).as(run.errors).isZero();
            assertThat(run.temporary()).contains("/millrace-" + user + "-");
            Files.deleteIfExists(Path.of(run.temporary(), MARK));
            Files.deleteIfExists(Path.of(run.temporary()));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"nothing", "", ".javacpp", ".javacpp/cache"})
    void kernelsStayUnpackedInAHomeUnlessOthersMayWriteToIt(String open) throws Exception {
        Path home = directory.resolve("home");
        if (!open.equals("nothing")) {
            permit(Files.createDirectories(home.resolve(open)), "rwxrwxrwx");
            sticky(home.resolve(open));
        }

        Run run = run(Map.of("TMPDIR", shared.toString(), "HOME", home.toString()));

        assertThat(run.kernels())
                .isEqualTo(open.equals("nothing") ? home + "/.javacpp/cache" : run.temporary() + "/javacpp");
    }

    @Test
    void classesAreArchivedForOneJavaAndUsedByItAlone() throws Exception {
        Path lib = Files.createDirectory(directory.resolve("program/lib"));
        Path ofAnEarlierJava = Files.createFile(lib.resolve("millrace-17.0.0+9.jsa"));
        Path archive = lib.resolve("millrace-17.0.1+1.jsa");
        Map<String, String> environment = Map.of("TMPDIR", shared.toString());
        assertThat(run(environment).output).doesNotContain("classes of");

        Run made = run(Map.of("TMPDIR", shared.toString(), "MILLRACE_CONFIG", "of a trainer"), "--archive-classes");

        assertThat(made.status).as(made.errors).isZero();
        assertThat(made.errors).contains(archive.toString());
        assertThat(archive).exists();
        assertThat(ofAnEarlierJava).doesNotExist();
        assertThat(run(environment).output).contains("classes of " + archive);
        assertThat(run(Map.of("TMPDIR", shared.toString(), "VM", "17.0.2+1")).output)
                .doesNotContain("classes of");
    }

    @Test
    void firstStartsBuildTheTreeAndArchiveClasses() throws Exception {
        Path program = directory.resolve("program");
        Files.createDirectories(program.resolve("src/millrace/main"));
        Files.createFile(program.resolve("pom.xml"));
        Files.createFile(program.resolve("src/millrace/pom.xml"));
        Path mvn = Files.createDirectory(directory.resolve("maven")).resolve("mvn");
        Files.writeString(
                mvn,
                "#!/bin/sh\nmkdir -p target/lib\ntouch target/millrace-1.jar target/millrace-workshop-1.jar target/lib/b.jar target/lib/A.jar\n");
        permit(mvn, "rwxr-xr-x");
        Map<String, String> environment =
                Map.of("TMPDIR", shared.toString(), "PATH", mvn.getParent() + ":" + System.getenv("PATH"));

        Run first = run(environment);
        assertThat(Path.of(first.temporary())).isDirectory();
        Run second = run(environment);

        Path launcher = program.resolve("target/launcher");
        for (Run run : List.of(first, second)) {
            assertThat(run.status).as(run.errors).isZero();
            assertThat(run.output)
                    .contains("classes of " + launcher.resolve("millrace-17.0.1+1.jsa"))
                    .contains("class path " + launcher.resolve("millrace.jar") + ":"
                            + launcher.resolve("millrace-workshop.jar") + ":" + program + "/target/lib/A.jar:"
                            + program + "/target/lib/b.jar");
        }
        assertThat(first.errors).contains("building").contains("archiving");
        assertThat(second.errors).isEmpty();
    }

    @Test
    void nothingIsLeftOfARefusedArchive() throws Exception {
        Map<String, String> environment = Map.of("TMPDIR", shared.toString(), "FAILS", "yes");
        Run unwritable = run(environment, "--archive-classes");
        Path lib = Files.createDirectory(directory.resolve("program/lib"));
        Run failed = run(environment, "--archive-classes");

        assertThat(unwritable.status).isEqualTo(74);
        assertThat(unwritable.errors).contains(lib.toString());
        assertThat(failed.status).isEqualTo(1);
        assertThat(failed.errors).contains("no room");
        assertThat(lib).isEmptyDirectory();
    }

    /** What was printed, and how it ended. */
    private record Run(int status, String output, String errors) {

        String temporary() {
            return output.lines().findFirst().orElse("nothing printed").replaceAll("\\|$", "");
        }

        String kernels() {
            return output.lines()
                    .filter(line -> line.startsWith("kernels "))
                    .map(line -> line.substring("kernels ".length()))
                    .findFirst()
                    .orElse("nothing printed");
        }
    }

    private Run run(String temporary) throws Exception {
        return run(Map.of("TMPDIR", temporary));
    }

    private Run run(Map<String, String> environment) throws Exception {
        return run(environment, "--version");
    }

    private Run run(Map<String, String> environment, String argument) throws Exception {
        Process process = start(environment, argument);
        String output = text(process.inputReader());
        String errors = text(process.errorReader());
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return new Run(process.exitValue(), output, errors);
    }

    private Process start(Map<String, String> environment, String argument) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(directory.resolve("program/bin/millrace").toString(), argument);
        builder.environment().remove("TMPDIR");
        builder.environment().put("JAVA_HOME", directory.resolve("java").toString());
        builder.environment().putAll(environment);
        return builder.start();
    }

    private static String firstLine(Process process) throws IOException {
        return String.valueOf(process.inputReader().readLine()).replaceAll("\\|$", "");
    }

    private static String text(Process process) throws IOException {
        return text(process.inputReader(StandardCharsets.UTF_8)).strip();
    }

    private static String text(BufferedReader reader) throws IOException {
        StringBuilder text = new StringBuilder();
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            text.append(line).append('\n');
        }
        return text.toString();
    }

    private static void permit(Path path, String permissions) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    }

    private static void sticky(Path path) throws IOException {
        int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        Files.setAttribute(path, "unix:mode", mode | 01000, LinkOption.NOFOLLOW_LINKS);
    }
}
