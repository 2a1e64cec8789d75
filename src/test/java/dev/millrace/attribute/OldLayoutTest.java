package dev.millrace.attribute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.state.EntrySink;
import dev.millrace.state.MemoryEntries;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The state that a build of the first layout stored after 600 steps, and what that build said of the 600 steps behind them: this build goes on
 * from that state and says the same.
 */
class OldLayoutTest {

    private static final Path RECORDED = Path.of("src/test/resources/recorded/attribution-layout-1.gz");
    private static final int STEPS = 600;

    private final MemoryEntries entries = new MemoryEntries();
    private final SortedMap<String, byte[]> state = new TreeMap<>();
    private final List<String> said = new ArrayList<>();
    private String books = "";

    @BeforeEach
    void read() throws IOException {
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(new GZIPInputStream(Files.newInputStream(RECORDED)), StandardCharsets.UTF_8))) {
            lines.lines().forEach(this::take);
        }
    }

    @Test
    void theStateOfTheFirstLayoutGoesOnAsIfNothingHadChanged() {
        RecordedSteps steps = new RecordedSteps();
        steps.take(steps.attribution(new MemoryEntries()), STEPS); // the generator of steps moves on
        steps.said();
        Attribution attribution = restored(steps);

        steps.take(attribution, STEPS);

        assertThat(steps.said()).containsExactlyInAnyOrderElementsOf(said);
        assertThat(attribution.books().accounts().toString()).isEqualTo(books);
        assertThat(kinds()).doesNotContain("u", "x", "w", "s", "p", "n", "t"); // all users had an event or a timer
    }

    @Test
    void aRestartInTheMiddleOfTheMoveChangesNothing() {
        RecordedSteps steps = new RecordedSteps();
        steps.take(steps.attribution(new MemoryEntries()), STEPS);
        steps.said();
        Attribution attribution = restored(steps);
        for (int part = 0; part < STEPS / 5; part++) {
            steps.take(attribution, 5);
            attribution.drainDirty(stored());
            attribution = restored(steps);
        }

        assertThat(steps.said()).containsExactlyInAnyOrderElementsOf(said);
        assertThat(attribution.books().accounts().toString()).isEqualTo(books);
    }

    private Attribution restored(RecordedSteps steps) {
        Attribution attribution = steps.attribution(entries);
        state.forEach((key, value) -> attribution.restore(HexFormat.of().parseHex(key), value));
        return attribution;
    }

    private EntrySink stored() {
        return new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                state.put(HexFormat.of().formatHex(key), value);
            }

            @Override
            public void delete(byte[] key) {
                state.remove(HexFormat.of().formatHex(key));
            }

            @Override
            public void repeat(byte[] key, byte[] value) {
                throw new AssertionError("nothing is repeated");
            }
        };
    }

    private void take(String line) {
        String[] parts = line.split(" ", 2);
        String[] entry = parts[1].split(" ", 2);
        switch (parts[0]) {
            case "entry" ->
                entries.put(HexFormat.of().parseHex(entry[0]), HexFormat.of().parseHex(entry[1]));
            case "state" -> state.put(entry[0], HexFormat.of().parseHex(entry[1]));
            case "said" -> said.add(parts[1]);
            default -> books = parts[1];
        }
    }

    private List<String> kinds() {
        List<String> kinds = new ArrayList<>();
        entries.scan(new byte[] {0}, (key, value) -> kinds.add(String.valueOf((char) key[0])));
        return kinds;
    }
}
