package dev.millrace.attribute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.state.EntrySink;
import dev.millrace.state.MemoryEntries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What an earlier build said of 600 steps behind 600 others: this build says the same. */
class RecordedStepsTest {

    private static final Path RECORDED = Path.of("src/millrace/test/resources/recorded/attribution-said.txt");
    private static final int STEPS = 600;

    private final MemoryEntries entries = new MemoryEntries();
    private final Map<byte[], byte[]> state = new TreeMap<>(Arrays::compareUnsigned);
    private final List<String> said = new ArrayList<>();
    private String books = "";

    @BeforeEach
    void read() throws IOException {
        for (String line : Files.readAllLines(RECORDED)) {
            String[] parts = line.split(" ", 2);
            if (parts[0].equals("said")) {
                said.add(parts[1]);
            } else {
                books = parts[1];
            }
        }
    }

    @Test
    void itSaysTheSame() {
        RecordedSteps steps = new RecordedSteps();
        Attribution attribution = steps.attribution(entries);
        steps.take(attribution, STEPS);
        steps.said(); // of the first ones

        steps.take(attribution, STEPS);

        assertThat(steps.said()).containsExactlyInAnyOrderElementsOf(said);
        assertThat(attribution.books().accounts().toString()).isEqualTo(books);
    }

    @Test
    void restartsChangeNothing() {
        RecordedSteps steps = new RecordedSteps();
        Attribution attribution = steps.attribution(entries);
        for (int at = 0; at < 2 * STEPS; at += 5) {
            if (at == STEPS) {
                steps.said();
            }
            steps.take(attribution, 5);
            attribution.drainDirty(EntrySink.into(state));
            attribution = restored(steps);
        }

        assertThat(steps.said()).containsExactlyInAnyOrderElementsOf(said);
        assertThat(attribution.books().accounts().toString()).isEqualTo(books);
    }

    private Attribution restored(RecordedSteps steps) {
        Attribution attribution = steps.attribution(entries);
        state.forEach(attribution::restore);
        return attribution;
    }

    /** Writes what this build says, if it is meant to say something else. */
    public static void main(String[] arguments) throws IOException {
        RecordedSteps steps = new RecordedSteps();
        Attribution attribution = steps.attribution(new MemoryEntries());
        steps.take(attribution, STEPS);
        steps.said(); // of the first ones
        steps.take(attribution, STEPS);
        StringBuilder lines = new StringBuilder();
        steps.said().forEach(line -> lines.append("said ").append(line).append('\n'));
        lines.append("books ").append(attribution.books().accounts()).append('\n');
        Files.writeString(RECORDED, lines);
    }
}
