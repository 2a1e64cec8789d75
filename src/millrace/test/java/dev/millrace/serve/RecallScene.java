package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.access.AccessSettings;
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
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A recall server over a state that a test fills, and a client of it. */
final class RecallScene implements AutoCloseable {

    static final long NOW = 1_700_000_000_000L;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final ObjectMapper mapper = new ObjectMapper();
    private final DiskEntries entries;
    private final ServedState state;
    private final Path directory;
    private final FakeOperations operations = new FakeOperations();
    private final RecallServer server;
    private volatile Map<String, Object> hindrances = Map.of();

    RecallScene(Path directory) throws IOException {
        this(directory, FakeFeed.after(() -> {}));
    }

    RecallScene(Path directory, EncoderFeed encoders) throws IOException {
        InstantSource clock = InstantSource.fixed(Instant.ofEpochMilli(NOW));
        entries = DiskEntries.open(directory, 4 << 20);
        state = new ServedState(entries, encoders, 1, clock);
        this.directory = directory;
        server = server(0);
    }

    /** Another server of the same state, with a limit of its own. */
    RecallServer server(int maxRate) {
        return server(maxRate, 100);
    }

    /** Another server of the same state, with limits of its own. */
    RecallServer server(int maxRate, int maxConnections) {
        return server(maxRate, maxConnections, AccessSettings.open("serve."));
    }

    /** Another server of the same state, which not everybody may ask. */
    RecallServer server(AccessSettings access) {
        return server(0, 100, access);
    }

    private RecallServer server(int maxRate, int maxConnections, AccessSettings access) {
        return new RecallServer(
                        new ServeSettings(
                                "127.0.0.1",
                                0,
                                1_000,
                                3,
                                maxRate,
                                GivenWeights.OF_THE_TOWERS,
                                new ClientLimits(maxConnections, 2_000, 64 << 20, Duration.ofSeconds(30), 1_000),
                                8,
                                1,
                                directory,
                                4 << 20,
                                access,
                                true),
                        state,
                        new RecallServer.Beside(() -> hindrances, Optional.empty(), operations),
                        new PrometheusMeterRegistry(PrometheusConfig.DEFAULT),
                        InstantSource.fixed(Instant.ofEpochMilli(NOW)))
                .start();
    }

    /** Three items, a user who has had one of them, and a generation that answers. */
    void fill() {
        state.embedding(attributed(embedding("a", 5, 0, 1, 0), "shoes", 10), NOW - 4_000, 0);
        state.embedding(attributed(embedding("b", 7, 0, 0.8f, 0.6f), "boots", 20, "new"), NOW - 3_000, 0);
        state.embedding(attributed(embedding("movie/c", 6, 0, 0.6f, 0.8f), "shoes", 30, "new", "red"), NOW - 2_500, 0);
        state.userFeatures(new UserFeatures("u1", 1, Features.NONE, List.of("a")));
        state.modelUpdate("g1", new byte[] {1}, Optional.of(new byte[] {1}));
        state.embedding(new ItemEmbedding("", Optional.of(new float[0]), "g1", 7, 40, 0), NOW - 2_500, 0);
        state.generation(new GenerationFact("g1", GenerationFact.Kind.PROMOTED, NOW, 7, 3, "test"));
        for (FollowedTopic source : FollowedTopic.values()) {
            state.caughtUp(source, 1);
        }
    }

    /** So many more items, near nothing in particular. */
    void fillWithItems(int count) {
        for (int at = 0; at < count; at++) {
            double angle = at;
            state.embedding(
                    embedding("item-" + at, 5, 0, (float) Math.cos(angle), (float) Math.sin(angle)), NOW - 4_000, 0);
        }
    }

    private static ItemEmbedding attributed(ItemEmbedding plain, String category, double price, String... tags) {
        return new ItemEmbedding(
                plain.item(),
                plain.vector(),
                plain.generation(),
                plain.step(),
                plain.eventTime(),
                plain.producedAt(),
                plain.popularity(),
                0,
                Features.of(Map.of(
                        "category", new FeatureValue.Category(category),
                        "price", new FeatureValue.Quantity(price),
                        "tags", new FeatureValue.Bag(List.of(tags)))));
    }

    List<String> found(HttpResponse<String> response) throws IOException {
        assertThat(response.statusCode()).isEqualTo(200);
        return json(response).path("items").findValuesAsText("item");
    }

    HttpResponse<String> post(String body) throws Exception {
        return send(HttpRequest.newBuilder(uri("/v1/recall"))
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build());
    }

    static ItemEmbedding embedding(String item, long step, long producedAt, float... vector) {
        return new ItemEmbedding(item, Optional.of(vector), "g1", step, 40, producedAt);
    }

    void assertProblem(HttpResponse<String> response, int status) throws IOException {
        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.headers().firstValue("Content-Type")).contains("application/problem+json");
        assertThat(json(response).path("status").asInt()).isEqualTo(status);
        assertThat(json(response).path("detail").asText()).isNotBlank();
    }

    JsonNode json(HttpResponse<String> response) throws IOException {
        return mapper.readTree(response.body());
    }

    HttpResponse<String> head(String target) throws Exception {
        return send(HttpRequest.newBuilder(uri(target))
                .method("HEAD", HttpRequest.BodyPublishers.noBody())
                .build());
    }

    HttpResponse<String> get(String target) throws Exception {
        return send(HttpRequest.newBuilder(uri(target)).build());
    }

    HttpResponse<String> send(HttpRequest request) throws Exception {
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    URI uri(String target) {
        return URI.create(server.url() + target);
    }

    /** Sends a target as it is, which the client's own checks would refuse. */
    RawClient.Answer rawGet(String target) throws IOException {
        try (RawClient client = new RawClient(server.port())) {
            return client.send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    .answer()
                    .orElseThrow();
        }
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
