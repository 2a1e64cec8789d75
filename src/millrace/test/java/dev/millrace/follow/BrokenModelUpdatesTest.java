package dev.millrace.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.millrace.checkpoint.Checkpoint;
import dev.millrace.checkpoint.Learners;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.generation.GenerationFact;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.QueryEncoder;
import dev.millrace.recall.UserEncoder;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Frame;
import dev.millrace.train.TrainerSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Model updates whose sums are right and whose content no learner writes. */
class BrokenModelUpdatesTest {

    private static final int TRIES = 20_000;
    private static final int FRAME_BYTES = 8;
    private static final Checkpoint LEARNER = Learners.checkpoint(2);
    private static final ModelSettings MODEL = TrainerSettings.read(
                    new SettingsReader(LEARNER.header().settings()))
            .model();
    private static final String GENERATION = MODEL.generationName();
    private static final List<byte[]> KEYS = Learners.map(LEARNER.entries()).keySet().stream()
            .filter(key -> key[0] == 'm')
            .toList();

    private static final String ITEM_ROW = "mritem\0";

    /** The items that have rows. */
    private static final List<String> HISTORY = KEYS.stream()
            .map(key -> new String(key, StandardCharsets.UTF_8))
            .filter(key -> key.startsWith(ITEM_ROW))
            .map(key -> key.substring(ITEM_ROW.length()))
            .toList();

    private final Random random = new Random(20_734);
    private final DiskEntries disk;
    private final ModelFeed feed;
    private final ServedState state;

    BrokenModelUpdatesTest(@TempDir Path directory) throws IOException {
        disk = DiskEntries.open(directory, 4 << 20);
        feed = new ModelFeed(disk);
        state = new ServedState(disk, feed, 1, InstantSource.system());
    }

    @AfterEach
    void close() {
        disk.close();
    }

    /** Before and after the settings of the generation have come. */
    @Test
    void brokenUpdatesDoNotStopTheServer() {
        for (int attempt = 0; attempt < TRIES; attempt++) {
            broken(random.nextInt(20) == 0 ? "another" : GENERATION);
            if (attempt == TRIES / 2) {
                start(GENERATION, LEARNER.header().settings());
            }
        }
        state.endOfModelUpdates();
        assertThat(state.rejectedModelUpdates()).isGreaterThan(TRIES / 10);

        KEYS.forEach(key -> state.modelUpdate(GENERATION, key, Optional.of(value(key))));
        state.endOfModelUpdates();

        UserEncoder encoder = feed.of(GENERATION).orElseThrow();
        assertThat(encoder.isReady()).isTrue();
        assertThat(encoded(encoder)).isEqualTo(encoded(clean()));
    }

    /** What is broken in one entry costs no other: the encoder goes on with what it had. */
    @Test
    void aPartOfATensorThatIsShortIsRefusedWhole() {
        start(GENERATION, LEARNER.header().settings());
        KEYS.forEach(key -> state.modelUpdate(GENERATION, key, Optional.of(value(key))));
        state.endOfModelUpdates();
        float[] before = encoded(feed.of(GENERATION).orElseThrow());

        KEYS.stream().filter(key -> key[1] == 'w').forEach(key -> {
            byte[] payload = payload(value(key));
            payload[0]--; // one float less than there are
            state.modelUpdate(GENERATION, key, Optional.of(sealed(payload)));
        });
        state.endOfModelUpdates();

        assertThat(state.rejectedModelUpdates()).isPositive();
        assertThat(encoded(feed.of(GENERATION).orElseThrow())).isEqualTo(before);
    }

    @Test
    void aRowOfAnotherWidthIsRefused() {
        byte[] row = KEYS.stream()
                .filter(QueryEncoder::isRow)
                .filter(key -> new String(key, StandardCharsets.UTF_8).startsWith(ITEM_ROW))
                .findFirst()
                .orElseThrow();
        byte[] payload = payload(value(row));
        payload[0]--;
        state.modelUpdate(GENERATION, row, Optional.of(sealed(payload)));
        start(GENERATION, LEARNER.header().settings());
        KEYS.stream()
                .filter(key -> key != row)
                .forEach(key -> state.modelUpdate(GENERATION, key, Optional.of(value(key))));
        state.endOfModelUpdates();
        assertThatCode(() -> encoded(feed.of(GENERATION).orElseThrow())).doesNotThrowAnyException();
        long before = state.rejectedModelUpdates();

        state.modelUpdate(GENERATION, row, Optional.of(sealed(payload)));

        assertThat(state.rejectedModelUpdates()).isEqualTo(before + 1);
    }

    /** Settings of a generation that cannot be read leave that generation unserved. */
    @Test
    void brokenSettingsOfAGenerationEndNothing() {
        List<String> keys = List.copyOf(LEARNER.header().settings().keySet());
        List<String> values = List.of(
                "", "-1", "0", "99999999999", "NaN", "true", ",", "a,b", "1e300", "7d", "\u0000", "9".repeat(400));
        for (int attempt = 0; attempt < 2_000; attempt++) {
            TreeMap<String, String> settings = new TreeMap<>(LEARNER.header().settings());
            for (int change = 0; change <= random.nextInt(3); change++) {
                settings.put(keys.get(random.nextInt(keys.size())), values.get(random.nextInt(values.size())));
            }
            String generation = "g" + attempt;

            assertThatCode(() -> start(generation, settings))
                    .as(settings.toString())
                    .doesNotThrowAnyException();

            feed.drop(generation); // so that many of them need no room
        }
    }

    private void start(String generation, Map<String, String> settings) {
        state.generation(
                new GenerationFact(generation, GenerationFact.Kind.STARTED, 1, 1, 0, "test", new TreeMap<>(settings)));
    }

    private void broken(String generation) {
        byte[] key = KEYS.get(random.nextInt(KEYS.size()));
        byte[] payload = payload(value(key));
        switch (random.nextInt(5)) {
            case 0 -> payload = Arrays.copyOf(payload, random.nextInt(payload.length + 1));
            case 1 -> random.nextBytes(payload);
            case 2 -> payload[random.nextInt(Math.min(8, payload.length))] = (byte) random.nextInt();
            case 3 -> payload = payload(value(KEYS.get(random.nextInt(KEYS.size())))); // of another entry
            default -> key = brokenKey(key);
        }
        byte[] brokenKey = key;
        byte[] brokenPayload = payload;
        boolean isRemoval = random.nextInt(20) == 0;

        assertThatCode(() -> {
                    state.modelUpdate(
                            generation, brokenKey, isRemoval ? Optional.empty() : Optional.of(sealed(brokenPayload)));
                    if (random.nextInt(100) == 0) {
                        state.endOfModelUpdates(generation);
                        feed.of(generation).ifPresent(BrokenModelUpdatesTest::encoded);
                    }
                })
                .as(HexFormat.of().formatHex(brokenKey))
                .doesNotThrowAnyException();
    }

    private byte[] brokenKey(byte[] key) {
        byte[] broken = Arrays.copyOf(key, random.nextInt(key.length + 2));
        if (broken.length > 1 && random.nextBoolean()) {
            broken[1 + random.nextInt(broken.length - 1)] = (byte) random.nextInt();
        }
        return broken;
    }

    /** A server that has had no broken update. */
    private UserEncoder clean() {
        String other = "clean";
        start(other, LEARNER.header().settings());
        KEYS.forEach(key -> state.modelUpdate(other, key, Optional.of(value(key))));
        state.endOfModelUpdates(other);
        return feed.of(other).orElseThrow();
    }

    private static float[] encoded(UserEncoder encoder) {
        float[] vector = new float[MODEL.width()];
        UserFeatures user = new UserFeatures("u1", 1, Features.NONE, HISTORY);
        encoder.encode(user, Features.NONE, Map.of(), vector);
        return vector;
    }

    private static byte[] value(byte[] key) {
        return LEARNER.entries().get(key).orElseThrow();
    }

    private static byte[] payload(byte[] value) {
        return Arrays.copyOfRange(value, FRAME_BYTES, value.length);
    }

    private static byte[] sealed(byte[] payload) {
        return Frame.seal(Frame.allocate(payload.length).put(payload));
    }
}
