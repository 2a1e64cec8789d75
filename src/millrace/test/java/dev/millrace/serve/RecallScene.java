package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.access.AccessSettings;
import dev.millrace.access.HostNames;
import dev.millrace.access.PemFiles;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.follow.DiskEntries;
import dev.millrace.follow.EncoderFeed;
import dev.millrace.follow.FakeFeed;
import dev.millrace.follow.FollowedTopic;
import dev.millrace.follow.ServedState;
import dev.millrace.generation.GenerationFact;
import dev.millrace.popularity.GivenWeights;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.PublishedPopularity;
import dev.millrace.state.Sha256;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** A recall server over a state that a test fills, and a client of it. */
final class RecallScene implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    static final long NOW = 1_700_000_000_000L;
    static final String THREE = "{\"requests\": [{\"user\": \"u1\"}, {\"user\": \"u1\"}, {\"user\": \"u1\"}]}";

    private final DiskEntries entries;
    private final ServedState state;
    private final Path directory;
    private final FakeOperations operations = new FakeOperations();
    private final RecallServer server;
    private final ServedAnswers answers = new ServedAnswers();
    private volatile Map<String, Object> hindrances = Map.of();

    RecallScene(Path directory) throws IOException {
        this(directory, FakeFeed.after(() -> {}));
    }

    RecallScene(Path directory, EncoderFeed encoders) throws IOException {
        entries = DiskEntries.open(directory, 4 << 20);
        state = new ServedState(entries, encoders, 1, InstantSource.fixed(Instant.ofEpochMilli(NOW)));
        this.directory = directory;
        server = server(0, 100);
    }

    /** Another server of the same state, which explores from the best so many, if at that temperature questions that give none. Its answers are logged nowhere. */
    RecallServer exploring(double temperature, int best) {
        return exploring(new ServeSettings.Exploring(temperature, best, 0));
    }

    /** Another server of the same state, which explores. Its answers are logged nowhere. */
    RecallServer exploring(ServeSettings.Exploring exploring) {
        return server(0, 100, PATIENCE, AccessSettings.open("serve."), 1, exploring);
    }

    /** Another server of the same state, with limits of its own. */
    RecallServer server(int maxRate, int maxConnections) {
        return server(maxRate, maxConnections, PATIENCE, AccessSettings.open("serve."));
    }

    /** Another server of the same state, which waits so long for a request. */
    RecallServer server(int maxRate, Duration patience) {
        return server(maxRate, 100, patience, AccessSettings.open("serve."));
    }

    /** Another server of the same state, which not everybody may ask. */
    RecallServer server(Optional<Path> tokens, Optional<PemFiles> tls, String... hosts) {
        HostNames names = new HostNames("serve.hosts", Set.of(hosts));
        return server(0, 100, PATIENCE, new AccessSettings("serve.", tokens, tls, names));
    }

    /** A file of tokens, each line as a role, a token and perhaps a name. */
    static Path tokens(Path file, String... lines) throws IOException {
        return Files.write(
                file,
                Stream.of(lines)
                        .map(line -> line.split(" ", 3))
                        .map(parts ->
                                parts[0] + " sha256:" + Sha256.hex(parts[1]) + (parts.length > 2 ? " " + parts[2] : ""))
                        .toList());
    }

    /** What its servers count of their answers. */
    ServedAnswers answers() {
        return answers;
    }

    private RecallServer server(int maxRate, int maxConnections, Duration patience, AccessSettings access) {
        return server(maxRate, maxConnections, patience, access, 0, new ServeSettings.Exploring(0, 100, 0));
    }

    private RecallServer server(
            int maxRate,
            int maxConnections,
            Duration patience,
            AccessSettings access,
            double answersSample,
            ServeSettings.Exploring exploring) {
        ServeSettings settings = new ServeSettings(
                "127.0.0.1",
                0,
                1_000,
                3,
                maxRate,
                GivenWeights.OF_THE_TOWERS,
                new ClientLimits(maxConnections, 2_000, 64 << 20, patience, 1_000),
                8,
                1,
                directory,
                4 << 20,
                access,
                true,
                answersSample,
                Optional.empty(),
                exploring);
        return new RecallServer(
                        settings,
                        state,
                        new RecallServer.Beside(
                                () -> hindrances, answers, Optional.empty(), operations, Optional.empty()),
                        new PrometheusMeterRegistry(PrometheusConfig.DEFAULT),
                        InstantSource.fixed(Instant.ofEpochMilli(NOW)))
                .start();
    }

    /** Three items, a user who has had one of them, and a generation that answers. */
    void fill() {
        item("a", NOW - 4_000, 5, "shoes", 10, List.of(), 1, 0);
        item("b", NOW - 3_000, 7, "boots", 20, List.of("new"), 0.8f, 0.6f);
        item("movie/c", NOW - 2_500, 6, "shoes", 30, List.of("new", "red"), 0.6f, 0.8f);
        state.userFeatures(new UserFeatures("u1", 1, Features.NONE, List.of("a")));
        state.modelUpdate("g1", new byte[] {1}, Optional.of(new byte[] {1}));
        state.embedding(new ItemEmbedding("", Optional.of(new float[0]), "g1", 7, 40, 0), NOW - 2_500, 0);
        state.generation(new GenerationFact("g1", GenerationFact.Kind.PROMOTED, NOW, 7, 3, "test"));
        for (FollowedTopic source : FollowedTopic.values()) {
            state.caughtUp(source, 1);
        }
    }

    private void item(
            String item, long at, long step, String category, double price, List<String> tags, float... vector) {
        Features attributes = Features.of(Map.of(
                "category", new FeatureValue.Category(category),
                "price", new FeatureValue.Quantity(price),
                "tags", new FeatureValue.Bag(tags)));
        state.embedding(
                new ItemEmbedding(
                        item, Optional.of(vector), "g1", step, 40, 0, PublishedPopularity.NONE, 0, attributes),
                at,
                0);
    }

    static ItemEmbedding embedding(String item, long step, long producedAt, float... vector) {
        return new ItemEmbedding(item, Optional.of(vector), "g1", step, 40, producedAt);
    }

    /** The items of an answer. */
    static List<String> found(RawClient.Answer answer) throws IOException {
        assertThat(answer.status()).isEqualTo(200);
        return StreamSupport.stream(answer.json().path("items").spliterator(), false)
                .map(item -> item.path("item").asText())
                .toList();
    }

    RawClient.Answer get(String target) throws IOException {
        return ask("GET " + target);
    }

    RawClient.Answer post(String body) throws IOException {
        return RawClient.ask(server.port(), "POST /v1/recall", body);
    }

    /** Asks without a body. */
    RawClient.Answer ask(String line, String... headers) throws IOException {
        return RawClient.ask(server.port(), line, "", headers);
    }

    /** From now on the server is told of this. */
    void hinder(Map<String, Object> by) {
        hindrances = by;
    }

    FakeOperations operations() {
        return operations;
    }

    ServedState state() {
        return state;
    }

    int port() {
        return server.port();
    }

    @Override
    public void close() {
        server.close();
        entries.close();
    }
}
