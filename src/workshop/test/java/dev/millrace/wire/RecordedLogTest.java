package dev.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.millrace.app.MillraceSettings;
import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.evaluate.EventFeed;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.NumericFingerprint;
import dev.millrace.model.engine.Engine;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.settings.SettingsReader;
import dev.millrace.shop.ShopGenerator;
import dev.millrace.shop.ShopSettings;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Fields;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.Sha256;
import dev.millrace.train.StepDigest;
import dev.millrace.train.Trainer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A log of mini-batches that an earlier build wrote. The same events make the same log, byte for byte, and the log makes the same
 * weights and vectors, bit for bit, in every ready configuration, and in those that were tried and lose (docs/tried.md).
 *
 * <p>The digests hold for one {@link NumericFingerprint}, which stands beside them; with another there is nothing to compare.
 */
class RecordedLogTest {

    private static final Path LOG = Path.of("src/workshop/test/resources/recorded/mini-batches.gz");
    private static final Path DIGESTS = Path.of("src/workshop/test/resources/recorded/digests.properties");
    private static final Path CONFIG = Path.of("config");
    private static final Path TRIED = Path.of("src/workshop/test/resources/tried");
    private static final String SHOP = "shop.properties";
    private static final String FINGERPRINT = "fingerprint";
    private static final int BATCHES = 60;

    /** Every kind of negative that the batcher draws, and exposures that were not clicked; the log is older than the caps. */
    private static final Map<String, String> WRITER = Map.ofEntries(
            Map.entry("batch.size", "24"),
            Map.entry("batch.negatives", "16"),
            Map.entry("negatives.popularity", "16"),
            Map.entry("negatives.memory", "16"),
            Map.entry("negatives.memory.from-step", "10"),
            Map.entry("negatives.hard-rule", "2"),
            Map.entry("negatives.hard-rule.feature", "category"),
            Map.entry("negatives.exposed", "0.1"),
            Map.entry("negatives.exposed.sample", "0.02"),
            Map.entry("attribution.cap.user-item", "0"),
            Map.entry("attribution.cap.user", "0"),
            Map.entry("publish.attributes", "category"));

    /** Over each configuration: what begins later begins within the log. */
    private static final Map<String, String> LEARNER = Map.of(
            "batch.size", "24",
            "negatives.exposed", "0.1",
            "negatives.hard-model.from-step", "10",
            "negatives.hard-model.until-step", "1000",
            "negatives.hard-model.ramp-steps", "10",
            "negatives.hard-model.first-rank", "5",
            "negatives.hard-model.last-rank", "40",
            "table.admit-after", "2",
            "digest.steps", "1");

    private static List<MiniBatch> log = List.of();
    private static SortedMap<String, String> digests = new TreeMap<>();

    @BeforeAll
    static void read() throws IOException {
        if (Files.exists(LOG)) {
            log = decode(unpacked());
        }
        if (Files.exists(DIGESTS)) {
            for (String line : Files.readAllLines(DIGESTS)) {
                String[] parts = line.split(" = ", 2);
                digests.put(parts[0], parts[1]);
            }
        }
    }

    @Test
    void theSameEventsMakeTheSameLog() throws IOException {
        assertThat(written()).isEqualTo(unpacked());
    }

    @Test
    void everyReadyConfigurationIsRecorded() throws IOException {
        List<String> names = configurations().map(RecordedLogTest::name).toList();

        List<String> graphs = graphs().map(RecordedLogTest::name).toList();
        assertThat(digests.keySet())
                .containsAll(names)
                .containsAll(graphs)
                .hasSize(Engine.values().length * names.size() + graphs.size() + 1);
        assertThat(log).hasSize(BATCHES);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("configurations")
    void theLogMakesTheSameWeightsAndVectors(List<Path> files) {
        assertThat(digest(files, Engine.VECTOR)).isEqualTo(digests.get(key(files, Engine.VECTOR)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("configurations")
    void theLogMakesTheSameWeightsAndVectorsWithNd4j(List<Path> files) {
        assumeTrue(NumericFingerprint.require(Engine.ND4J).text().equals(digests.get(FINGERPRINT)));

        assertThat(digest(files, Engine.ND4J)).isEqualTo(digests.get(key(files, Engine.ND4J)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("graphs")
    void theLogMakesTheSameWeightsAndVectorsWithGraphs(List<Path> files) {
        assumeTrue(NumericFingerprint.require(Engine.ND4J).text().equals(digests.get(FINGERPRINT)));

        assertThat(digest(files, Engine.VECTOR)).isEqualTo(digests.get(key(files, Engine.VECTOR)));
    }

    static Stream<List<Path>> graphs() throws IOException {
        return listed(CONFIG.resolve("dl4j")).stream().map(overlay -> List.of(CONFIG.resolve(SHOP), overlay));
    }

    static Stream<List<Path>> configurations() throws IOException {
        Path shop = CONFIG.resolve(SHOP);
        List<List<Path>> configurations = new ArrayList<>(List.of(List.of(shop)));
        for (String folder : List.of("losses", "negatives", "optimisers", "popularity", "shop", "towers")) {
            for (Path root : List.of(CONFIG, TRIED)) {
                for (Path overlay : listed(root.resolve(folder))) {
                    configurations.add(List.of(shop, overlay));
                }
            }
        }
        return configurations.stream();
    }

    private static List<Path> listed(Path folder) throws IOException {
        if (Files.notExists(folder)) {
            return List.of();
        }
        try (Stream<Path> found = Files.list(folder)) {
            return found.sorted().toList();
        }
    }

    private static String name(List<Path> files) {
        Path last = files.get(files.size() - 1);
        Path root = last.startsWith(TRIED) ? TRIED : CONFIG;
        return root.relativize(last).toString().replace(".properties", "");
    }

    /** Of a digest: those of the default engine have the configuration's name alone. */
    private static String key(List<Path> files, Engine engine) {
        return engine == Engine.VECTOR ? name(files) : engine + "/" + name(files);
    }

    /** SHA-256 over the digests of all steps, all vectors as they were published, and all entries at the end. */
    private static String digest(List<Path> files, Engine engine) {
        Map<String, String> given = new TreeMap<>(LEARNER);
        given.put("model.engine", engine.name().toLowerCase(Locale.ROOT));
        return digest(files, given, log);
    }

    static String digest(List<Path> files, Map<String, String> given, List<MiniBatch> log) {
        MillraceSettings settings = MillraceSettings.load(files, Map.of(), Map.of(), given);
        MessageDigest sha = Sha256.start();
        try (Trainer trainer = new Trainer(settings.trainer())) {
            for (MiniBatch batch : log) {
                trainer.learn(batch);
                trainer.publish().forEach(embedding -> sha.update(bytes(embedding)));
                changed(trainer).forEach((key, value) -> {
                    sha.update(key);
                    sha.update(value);
                });
                sha.update(
                        trainer.digest().map(StepDigest::digest).orElseThrow().getBytes(StandardCharsets.UTF_8));
            }
            assertThat(trainer.progress().refusedSteps()).isZero();
        }
        return HexFormat.of().formatHex(sha.digest());
    }

    /** What the step changed, by key; nothing for what it deleted. */
    private static SortedMap<byte[], byte[]> changed(Trainer trainer) {
        SortedMap<byte[], byte[]> changed = new TreeMap<>(Arrays::compareUnsigned);
        trainer.drainDirty(new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                changed.put(key, value);
            }

            @Override
            public void delete(byte[] key) {
                changed.put(key, new byte[0]);
            }
        });
        return changed;
    }

    private static byte[] bytes(ItemEmbedding embedding) {
        return new Fields()
                .text(embedding.item())
                .longInteger(embedding.step())
                .longInteger(embedding.eventTime())
                .floats(embedding.vector().orElse(new float[0]))
                .framed();
    }

    private static byte[] written() throws IOException {
        return written(WRITER, Map.of("shop.items", "150", "shop.users", "100", "shop.bursts-per-day", "0"), BATCHES);
    }

    /** The log of the generated shop's first batches. */
    static byte[] written(Map<String, String> writer, Map<String, String> shopGiven, int batches) throws IOException {
        ShopSettings shop = ShopSettings.read(new SettingsReader(shopGiven));
        return written(
                MillraceSettings.load(List.of(CONFIG.resolve("shop.properties")), Map.of(), Map.of(), writer),
                new ShopGenerator(shop).events(bad -> {}),
                batches);
    }

    /** The log of the first batches that events make, or of all. */
    static byte[] written(MillraceSettings settings, Stream<ReplayEvent> from, int batches) throws IOException {
        AvroWire wire = new AvroWire(WireSettings.read(new SettingsReader(Map.of())));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Trainer trainer = new Trainer(settings.trainer());
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            Attribution attribution =
                    new Attribution(settings.attribution(), new MemoryEntries(), new ExamplesInto(trainer));
            EventFeed feed = new EventFeed(attribution, trainer);
            var events = from.iterator();
            for (int closed = 0; closed < batches && events.hasNext(); ) {
                events.next().accept(feed);
                if (trainer.isBatchReady()) {
                    MiniBatch batch = trainer.closeBatch();
                    trainer.learnUnexamined(batch);
                    byte[] record = wire.encode(Topic.MINI_BATCHES, "mini-batches", batch)
                            .orElseThrow();
                    out.writeInt(record.length);
                    out.write(record);
                    closed++;
                }
            }
        }
        return bytes.toByteArray();
    }

    static List<MiniBatch> decode(byte[] bytes) throws IOException {
        AvroWire wire = new AvroWire(WireSettings.read(new SettingsReader(Map.of())));
        List<MiniBatch> batches = new ArrayList<>();
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            while (in.available() > 0) {
                byte[] record = in.readNBytes(in.readInt());
                batches.add(wire.decode(Topic.MINI_BATCHES, new byte[0], record).orElseThrow());
            }
        }
        return batches;
    }

    private static byte[] unpacked() throws IOException {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(LOG))) {
            return in.readAllBytes();
        }
    }

    /** Takes examples into a trainer. */
    private record ExamplesInto(Trainer trainer) implements Attribution.Output {
        @Override
        public void example(TrainingExample example) {
            trainer.add(example);
        }

        @Override
        public void userFeatures(UserFeatures user) {}

        @Override
        public void userRemoved(String user) {}
    }

    /** Writes the two files anew; only where the bits are meant to change. */
    public static void main(String[] arguments) throws IOException {
        try (var out = new GZIPOutputStream(Files.newOutputStream(LOG))) {
            out.write(written());
        }
        log = decode(unpacked());
        StringBuilder lines = new StringBuilder(FINGERPRINT + " = " + NumericFingerprint.require(Engine.ND4J) + "\n");
        for (Engine engine : Engine.values()) {
            for (List<Path> files : configurations().toList()) {
                append(files, engine, lines);
            }
        }
        for (List<Path> files : graphs().toList()) {
            append(files, Engine.VECTOR, lines);
        }
        Files.writeString(DIGESTS, lines);
    }

    private static void append(List<Path> files, Engine engine, StringBuilder lines) {
        lines.append(key(files, engine))
                .append(" = ")
                .append(digest(files, engine))
                .append('\n');
    }
}
