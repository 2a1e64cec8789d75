package dev.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.app.MillraceSettings;
import dev.millrace.batch.MiniBatch;
import dev.millrace.dataset.DataSets;
import dev.millrace.replay.RealData;
import dev.millrace.replay.ReplayEvent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Any number of threads makes the same weights and vectors, bit for bit, in every ready configuration. */
@Tag("slow")
class LearningThreadsTest {

    private static final int BATCHES = 6;

    /** Wide enough that every loop is cut, however few threads there are. */
    private static final Map<String, String> WIDE = Map.ofEntries(
            Map.entry("batch.size", "512"),
            Map.entry("batch.negatives", "256"),
            Map.entry("tower.user.hidden", "256,128"),
            Map.entry("tower.item.hidden", "256,128"),
            Map.entry("negatives.hard-rule", "2"),
            Map.entry("negatives.hard-rule.feature", "category"),
            Map.entry("negatives.exposed", "0.1"),
            Map.entry("negatives.exposed.sample", "0.02"),
            Map.entry("optimiser.rows.l2", "0.0001"),
            Map.entry("optimiser.rows.max-gradient-norm", "0.01"),
            Map.entry("digest.steps", "1"));

    private static final Map<String, String> SHOP =
            Map.of("shop.items", "3000", "shop.users", "3000", "shop.bursts-per-day", "0");

    private static List<MiniBatch> log = List.of();

    @BeforeAll
    static void write() throws IOException {
        Map<String, String> writer = new TreeMap<>(WIDE);
        log = RecordedLogTest.decode(RecordedLogTest.written(writer, SHOP, BATCHES));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("configurations")
    void threadsChangeNoBit(List<Path> files) {
        String one = digest(files, "vector", 1);

        for (int threads : new int[] {2, 4, 8}) {
            assertThat(digest(files, "vector", threads))
                    .as("%d threads", threads)
                    .isEqualTo(one);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 5})
    void threadsChangeNoBitOfNd4j(int threads) {
        List<Path> files = List.of(Path.of("config/shop.properties"));

        assertThat(digest(files, "nd4j", threads)).isEqualTo(digest(files, "nd4j", 1));
    }

    /** All of KuaiRand-Pure. */
    @Test
    void threadsChangeNoBitOfKuaiRand() throws IOException {
        Path data = RealData.folder("kuairand-pure");
        List<Path> files = List.of(Path.of("config/kuairand.properties"));
        MillraceSettings settings = MillraceSettings.load(files, Map.of(), Map.of(), Map.of());
        List<MiniBatch> batches;
        try (Stream<ReplayEvent> events =
                DataSets.KUAIRAND.open(data, settings.reader()).events(bad -> {})) {
            batches = RecordedLogTest.decode(RecordedLogTest.written(settings, events, Integer.MAX_VALUE));
        }
        assertThat(batches).hasSizeGreaterThan(700);

        assertThat(Stream.of(1, 2, 4, 8)
                        .map(threads -> RecordedLogTest.digest(
                                files, Map.of("learn.threads", "" + threads, "digest.steps", "1"), batches))
                        .distinct())
                .hasSize(1);
    }

    static Stream<List<Path>> configurations() throws IOException {
        return RecordedLogTest.configurations();
    }

    private static String digest(List<Path> files, String engine, int threads) {
        Map<String, String> given = new TreeMap<>(WIDE);
        given.put("model.engine", engine);
        given.put("learn.threads", Integer.toString(threads));
        return RecordedLogTest.digest(files, given, new ArrayList<>(log));
    }
}
