package dev.millrace.bench;

import dev.millrace.app.MillraceSettings;
import dev.millrace.app.ServeProcess;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.evaluate.Figures;
import dev.millrace.evaluate.Report;
import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationFact.Kind;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.TwoTower;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.ModelUpdate;
import dev.millrace.state.EntrySink;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.Topics;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
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
 *
 * @param directory for broker and state, empty
 */
public record ColdStartBench(Path directory, Report report) {

    private static final Duration PATIENCE = Duration.ofMinutes(30);

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
            fill(settings, items, dim);
            report.add(new Figures().with("items", items).with("dim", dim));
            for (int round = 1; round <= rounds; round++) {
                report.progress().reached("starts", round - 1, rounds);
                given.put("serve.state-dir", directory.resolve("serve-" + round).toString());
                start(load(given), items, round);
            }
            report.progress().reached("", rounds, rounds);
        }
    }

    private void start(MillraceSettings settings, int items, int round) throws IOException, InterruptedException {
        long before = Sample.usedHeap();
        Stopwatch watch = Stopwatch.start();
        try (ServeProcess server =
                ServeProcess.start(settings, new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))) {
            RecallClient client = new RecallClient(server.url());
            Stopwatch.await(PATIENCE, "the server's start", () -> client.status("/readyz") == 200);
            double seconds = watch.seconds();
            long heap = Sample.usedHeap() - before;
            report.add(
                    "starts",
                    new Figures()
                            .with("start", round)
                            .with("readySeconds", seconds)
                            .with("vectorsPerSecond", items / seconds)
                            .with("heapBytes", heap)
                            .with("heapBytesAnItem", heap / items));
        }
    }

    /** Writes the vectors, and the query side of a model that has learnt nothing. */
    private static void fill(MillraceSettings settings, int items, int dim) {
        ModelSettings model = settings.trainer().model();
        String generation = model.generationName();
        TwoTower towers = new TwoTower(model, new Catalogue('c'));
        TopicNames topics = settings.topics().names();
        AvroWire wire = new AvroWire(settings.wire());
        Topic<ItemEmbedding> embeddings = Topic.itemEmbeddings(topics.miniBatches());
        try (EventProducer producer = new EventProducer(settings.clients(), topics, wire)) {
            towers.drainDirty(new EntrySink() {
                @Override
                public void put(byte[] key, byte[] value) {
                    if (towers.isQuerySide(key)) {
                        ModelUpdate update = new ModelUpdate(generation, 1, key, Optional.of(value));
                        producer.send(Topic.MODEL_UPDATES, topics.modelUpdates(), update, ZipfShop.FIRST_TIME);
                    }
                }

                @Override
                public void delete(byte[] key) {}
            });
            float[] vectors = DrawnItems.vectors(new Random(1), items, dim);
            for (int item = 0; item < items; item++) {
                float[] vector = Arrays.copyOfRange(vectors, item * dim, (item + 1) * dim);
                ItemEmbedding embedding = new ItemEmbedding(
                        "item-" + item, Optional.of(vector), generation, 1, ZipfShop.FIRST_TIME, ZipfShop.FIRST_TIME);
                producer.send(embeddings, topics.itemEmbeddings(), embedding, ZipfShop.FIRST_TIME + item);
            }
            ItemEmbedding mark = ItemEmbedding.mark(generation, 1);
            producer.sendToAll(
                    topics.itemEmbeddings(),
                    embeddings.key(mark),
                    wire.encode(embeddings, topics.itemEmbeddings(), mark).orElseThrow(),
                    ZipfShop.FIRST_TIME);
            for (Kind kind : List.of(Kind.STARTED, Kind.COMPLETE, Kind.PROMOTED)) {
                GenerationFact fact = new GenerationFact(
                        generation,
                        kind,
                        ZipfShop.FIRST_TIME,
                        1,
                        items,
                        "bench",
                        kind == Kind.STARTED ? settings.trainerTexts() : new TreeMap<>());
                producer.send(Topic.GENERATIONS, topics.generations(), fact, ZipfShop.FIRST_TIME);
            }
            producer.flush();
        }
    }

    private static MillraceSettings load(Map<String, String> given) throws IOException {
        return MillraceSettings.load(List.of(), Map.of(), Map.of(), given);
    }
}
