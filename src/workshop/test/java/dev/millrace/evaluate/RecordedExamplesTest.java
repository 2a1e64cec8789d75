package dev.millrace.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.exam.ExamWitness;
import dev.millrace.model.Scenes;
import dev.millrace.settings.SettingsReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordedExamplesTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit fills it
    Path temporary;

    @Test
    void everythingComesBackInItsOrder() {
        MiniBatch batch = Scenes.batch(1, 4, 2);
        CatalogueItem late = new CatalogueItem("late", History.START, Features.NONE);
        RecordedExamples recorded = new History().item("first").examples();
        recorded.batch(batch);
        recorded.item(late);
        recorded.removeUser("gone");

        RecordedExamples.Reader reader = recorded.reader();

        assertThat(reader.advance()).isTrue();
        assertThat(reader.change().items()).extracting(CatalogueChange::itemId).containsExactly("first");
        assertThat(reader.advance()).isTrue();
        assertThat(reader.batch()).usingRecursiveComparison().isEqualTo(batch);
        assertThat(History.all(recorded)).isEqualTo(batch.examples());
        for (int example = 0; example < batch.examples().size(); example++) {
            assertThat(reader.advance()).isTrue();
            assertThat(reader.before()).isEqualTo(example);
        }
        assertThat(reader.advance()).isTrue();
        assertThat(reader.change())
                .isEqualTo(new RecordedExamples.Change(
                        List.of(new CatalogueChange.Upsert(late)),
                        List.of(),
                        batch.examples().size(),
                        0));
        assertThat(reader.advance()).isTrue();
        assertThat(reader.change().removedUsers()).containsExactly("gone");
        assertThat(reader.advance()).isFalse();
    }

    /** An entry is longer than the buffer, and so is that behind it; what is not asked for is passed over. */
    @Test
    void anExampleIsFoundAgainWhereItWas() {
        RecordedExamples recorded = new History().examples();
        for (int click = 0; click < 10; click++) {
            click(recorded, click, 3_000);
        }
        RecordedExamples.Reader ahead = recorded.reader();
        RecordedExamples.Reader small = recorded.reader(64);

        for (int click = 0; click < 9; click++) {
            assertThat(ahead.advance()).isTrue();
        }

        assertThat(small.exampleAt(ahead.offset()).id()).isEqualTo("c8");
        assertThat(small.advance()).isTrue();
        assertThat(small.example().id()).isEqualTo("c9");
        assertThat(small.advance()).isFalse();
    }

    /** Its examples take twice the heap. */
    @Test
    void aLogLargerThanTheHeapIsEvaluatedByEveryProtocol() throws IOException, InterruptedException {
        assertThat(run("-Xmx40m", "")).isEqualTo("prequential, frozen, holdout, windows");
        try (var left = Files.list(temporary)) {
            assertThat(left.filter(path -> path.getFileName().toString().startsWith("millrace")))
                    .isEmpty();
        }
    }

    @Test
    void theFileIsNamedIfItCannotBeWritten() throws IOException, InterruptedException {
        assertThat(run("-Xmx40m", "ulimit -f 1000; ")) // KB
                .contains("examples in the temporary file " + temporary + "/millrace-examples-", "File too large");
    }

    private String run(String heap, String before) throws IOException, InterruptedException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process process = new ProcessBuilder(
                        "bash",
                        "-c",
                        before + "exec \"$@\"",
                        "bash",
                        java,
                        heap,
                        "-XX:+ExitOnOutOfMemoryError",
                        "-Djava.io.tmpdir=" + temporary,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Evaluations.class.getName())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int unused = process.waitFor();
        return said.strip().lines().reduce("", (all, line) -> line);
    }

    private static void click(RecordedExamples recorded, int number, int characters) {
        Features note = Features.of(Map.of("note", new FeatureValue.Category("x".repeat(characters) + number)));
        long time = History.START + 1000L * number;
        recorded.click(new Click(
                "c" + number, "u" + number % 2000, "i" + number % 31, Optional.empty(), "click", 1, time, 0, note));
    }

    /** A program that evaluates a log with every protocol. */
    static final class Evaluations {

        private static final int CLICKS = 10_000;
        private static final int CHARACTERS = 8_000;

        private Evaluations() {}

        public static void main(String[] arguments) {
            try {
                evaluate();
            } catch (RuntimeException failed) {
                System.out.println(failed.getMessage() + ": " + failed.getCause());
            }
        }

        private static void evaluate() {
            RecordedExamples recorded = new RecordedExamples(
                    AttributionSettings.read(new SettingsReader(Map.of("attribution.mode", "clicks-only"))));
            for (int click = 0; click < CLICKS; click++) {
                click(recorded, click, CHARACTERS);
            }
            recorded.end();
            Evaluation evaluation = History.evaluation(
                    new PrequentialSettings(1, 0.5, 2), recorded, History.trainer(Map.of("batch.size", "128")));
            Prequential prequential = new Prequential(evaluation);
            require(prequential
                    .run(Prequential.Mode.ONLINE, false, ExamWitness.NONE)
                    .all()
                    .model()
                    .scored());
            System.out.print("prequential, ");
            require(prequential
                    .run(Prequential.Mode.FROZEN, false, ExamWitness.NONE)
                    .all()
                    .model()
                    .scored());
            System.out.print("frozen, ");
            require(new Holdout(new HoldoutSettings(0, 0), evaluation)
                    .run(List.of(10))
                    .testUsers());
            System.out.print("holdout, ");
            WindowSettings settings = new WindowSettings(
                    Duration.ofHours(2), 0, WindowSettings.Queries.EVERY, WindowSettings.Unseen.DROP);
            require(new Windows(settings, evaluation).run().windows().size());
            System.out.println("windows");
        }

        private static void require(long found) {
            if (found == 0) {
                throw new IllegalStateException("nothing was ranked");
            }
        }
    }
}
