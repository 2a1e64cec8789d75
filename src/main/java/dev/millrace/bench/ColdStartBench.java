package dev.millrace.bench;

import dev.millrace.app.MillraceSettings;
import dev.millrace.app.ServeProcess;
import dev.millrace.batch.Catalogue;
import dev.millrace.generation.GenerationFact;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.TwoTower;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.ModelUpdate;
import dev.millrace.state.EntrySink;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.Topics;
import dev.millrace.wire.AvroWire;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;

/**
 * Times the start of a server on a topic of many vectors: from nothing until {@code /readyz} answers 200.
 *
 * <p>The topic holds one record an item, as after compaction. Broker and server run in this process, so the times are of both.
 */
public final class ColdStartBench {

    private static final Duration PATIENCE = Duration.ofMinutes(30);
    private static final long FIRST_TIME = 1_767_225_600_000L; // 2026-01-01

    private final Path directory;
    private final BenchReport report;
    private final HttpClient client = HttpClient.newHttpClient();

    /** @param directory for broker and state, empty */
    public ColdStartBench(Path directory, BenchReport report) {
        this.directory = directory;
        this.report = report;
    }

    /**
     * Tells of each start.
     *
     * @param dim width of a vector
     */
    public void run(int items, int dim, int rounds) throws IOException, InterruptedException {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"))) {
            Map<String, String> given = new TreeMap<>(Map.of(
                    "kafka.bootstrap.servers",
                    broker.bootstrapServers(),
                    "tower.dim",
                    Integer.toString(dim),
                    "serve.port",
                    "0"));
            MillraceSettings settings = load(given);
            new Topics(settings.clients(), settings.topics(), PATIENCE).create();
            long start = System.nanoTime();
            fill(settings, items, dim);
            double seconds = Figures.secondsSince(start);
            report.add(new Figures().with("items", items).with("dim", dim).with("writeSeconds", seconds));
            report.print("%,d records of %d written in %.1f s", items, dim, seconds);
            for (int round = 1; round <= rounds; round++) {
                report.reached("starts", round - 1, rounds);
                given.put("serve.state-dir", directory.resolve("serve-" + round).toString());
                start(load(given), items, round);
            }
            report.reached("", rounds, rounds);
        }
    }

    private void start(MillraceSettings settings, int items, int round) throws IOException, InterruptedException {
        long before = Figures.usedHeap();
        long start = System.nanoTime();
        try (ServeProcess server =
                ServeProcess.start(settings, new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))) {
            URI ready = URI.create(server.url() + "/readyz");
            Waiting.until(PATIENCE, "the server's start", () -> isReady(ready));
            double seconds = Figures.secondsSince(start);
            long heap = Figures.usedHeap() - before;
            report.add(
                    "starts",
                    new Figures()
                            .with("start", round)
                            .with("readySeconds", seconds)
                            .with("vectorsPerSecond", items / seconds)
                            .with("heapBytes", heap));
            report.print(
                    "start %d  ready after %.1f s, %,.0f vectors/s  heap %,d MB, %,d bytes an item",
                    round, seconds, items / seconds, heap >> 20, heap / items);
        }
    }

    /** Writes the vectors, and the query side of a model that has learnt nothing. */
    private static void fill(MillraceSettings settings, int items, int dim) {
        ModelSettings model = settings.trainer().model();
        String generation = model.generationName();
        TwoTower towers = new TwoTower(model, new Catalogue('c'));
        if (towers.dim() != dim) {
            throw new IllegalArgumentException("the model's vectors have " + towers.dim() + " components, not " + dim);
        }
        try (SyntheticPublication publication = new SyntheticPublication(
                settings.clients(), settings.topics().names(), new AvroWire(settings.wire()))) {
            towers.drainDirty(new EntrySink() {
                @Override
                public void put(byte[] key, byte[] value) {
                    if (towers.isQuerySide(key)) {
                        publication.send(new ModelUpdate(generation, 1, key, Optional.of(value)), value, FIRST_TIME);
                    }
                }

                @Override
                public void delete(byte[] key) {}
            });
            float[] vectors = DrawnItems.vectors(new Random(1), items, dim);
            for (int item = 0; item < items; item++) {
                float[] vector = Arrays.copyOfRange(vectors, item * dim, (item + 1) * dim);
                publication.send(
                        new ItemEmbedding("item-" + item, Optional.of(vector), generation, 1, FIRST_TIME, FIRST_TIME),
                        vector,
                        FIRST_TIME + item);
            }
            publication.complete(new GenerationFact(
                    generation, GenerationFact.Kind.STARTED, FIRST_TIME, 1, items, "bench", settings.trainerTexts()));
            publication.flush();
        }
    }

    private boolean isReady(URI ready) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(ready).build(), HttpResponse.BodyHandlers.discarding())
                        .statusCode()
                == 200;
    }

    private static MillraceSettings load(Map<String, String> given) throws IOException {
        return MillraceSettings.load(List.of(), Map.of(), Map.of(), given);
    }
}
