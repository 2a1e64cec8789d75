package dev.millrace.app;

import dev.millrace.generation.GenerationHistory;
import dev.millrace.stream.GenerationTerms;
import dev.millrace.stream.KillPoint;
import dev.millrace.stream.Part;
import dev.millrace.stream.run.HaltingTrainer;
import dev.millrace.topic.InterruptedClients;
import dev.millrace.topic.Interruption;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.transaction.SettledProducer;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.streams.KafkaClientSupplier;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.internals.DefaultKafkaClientSupplier;

/** Trainers of a model with several learners, as processes of their own, whose clients do what a test wants. */
public final class DisturbedTrainer {

    private static final Set<Part> ALL = EnumSet.of(Part.ATTRIBUTE, Part.SHARDS, Part.BASE);

    private DisturbedTrainer() {}

    /**
     * Ends itself at a point of its shards or of its base, or waits there and ends itself behind the next commit: {@code main(SHARDS or BASE,
     * point, occurrence, seconds to wait there or 0 to end, --set, key=value, …)}.
     */
    public static final class Halting {

        private Halting() {}

        public static void main(String[] args) throws InterruptedException {
            Interruption interruption = new Interruption(
                            KillPoint.valueOf(args[1]),
                            Integer.parseInt(args[2]),
                            Duration.ofSeconds(Long.parseLong(args[3])))
                    .thenEndAt(KillPoint.COMMITTED_BEFORE_STORES);
            Part part = Part.valueOf(args[0]);
            MillraceSettings settings = HaltingTrainer.settings(args, 4);
            TopicNames topics = settings.topics().names();
            run(settings, ALL, settling -> new InterruptedClients(interruption, part, topics, settling));
        }
    }

    /**
     * Has shards alone: {@code main(file, --set, key=value, …)}. From when the file is there, it has a byte for each batch that they may make.
     */
    public static final class Slow {

        private static final long LOOK_MILLIS = 10;

        private Slow() {}

        public static void main(String[] args) throws InterruptedException {
            MillraceSettings settings = HaltingTrainer.settings(args, 1);
            String log = settings.topics().names().miniBatches();
            Path allowed = Path.of(args[0]);
            AtomicLong batches = new AtomicLong();
            run(
                    settings,
                    EnumSet.of(Part.SHARDS),
                    settling -> new ProducerClients(settling, (record, producer) -> {
                        if (record.topic().equals(log) && Files.exists(allowed)) {
                            batches.incrementAndGet();
                            while (Files.size(allowed) < batches.get()) {
                                Thread.sleep(LOOK_MILLIS);
                            }
                        }
                    }));
        }
    }

    private static void run(
            MillraceSettings settings, Set<Part> parts, Function<SettledProducer.Settling, KafkaClientSupplier> clients)
            throws InterruptedException {
        SharedLearning shared = SharedLearning.open(settings);
        GenerationTerms terms = GenerationTerms.of(
                settings.stream(),
                SharedLearning.texts(settings),
                settings.trainer().model().generationName(),
                Part.BASE,
                new GenerationHistory(),
                () -> 0);
        Map<Part, Topology> applications = new EnumMap<>(
                shared.applications(terms, topic -> settings.topics().partitions())
                        .topologies());
        applications.keySet().retainAll(parts);
        HaltingTrainer.run(settings, applications, clients, shared::begin);
    }

    /** Something that happens before a record is sent. */
    private interface BeforeSend {
        void happens(ProducerRecord<?, ?> record, Producer<byte[], byte[]> producer) throws Exception;
    }

    /** Kafka's clients, with producers before whose records something happens. */
    private static final class ProducerClients extends DefaultKafkaClientSupplier {

        private final SettledProducer.Settling settling;
        private final BeforeSend before;

        ProducerClients(SettledProducer.Settling settling, BeforeSend before) {
            this.settling = settling;
            this.before = before;
        }

        @Override
        @SuppressWarnings("unchecked") // the handler passes everything on to a producer of bytes
        public Producer<byte[], byte[]> getProducer(Map<String, Object> config) {
            Producer<byte[], byte[]> producer = super.getProducer(config);
            Object proxy = Proxy.newProxyInstance(
                    ProducerClients.class.getClassLoader(),
                    new Class<?>[] {Producer.class},
                    (self, method, arguments) -> {
                        if (method.getName().equals("send") && arguments[0] instanceof ProducerRecord<?, ?> record) {
                            before.happens(record, producer);
                        }
                        try {
                            return method.invoke(producer, arguments);
                        } catch (InvocationTargetException thrown) {
                            throw thrown.getCause();
                        }
                    });
            return settling.settled((Producer<byte[], byte[]>) proxy, config);
        }
    }
}
