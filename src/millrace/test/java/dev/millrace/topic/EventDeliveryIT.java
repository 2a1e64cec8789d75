package dev.millrace.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.settings.SettingsReader;
import dev.millrace.stream.Streams;
import dev.millrace.topic.EventDelivery.Event;
import dev.millrace.topic.EventDelivery.UndeliveredException;
import dev.millrace.wire.TopicRecord;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class EventDeliveryIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long NOW = System.currentTimeMillis();

    private final Path directory;

    EventDeliveryIT(@TempDir Path directory) {
        this.directory = directory;
    }

    /** Brokers refuse timestamps more than an hour ahead. */
    @Test
    void deliveriesGoToThePartitionOfTheirKey() throws Exception {
        try (EmbeddedBroker broker = broker();
                EventDelivery delivery = delivery(broker, 1 << 20, PATIENCE)) {
            awaitDelivered(delivery, new Event("clicks", "u1", new byte[1], NOW));
            long nextYear = NOW + Duration.ofDays(365).toMillis();

            delivery.deliver(
                    List.of(event("u1", 10, Streams.T0), event("u2", 10, nextYear), event("u1", 20, nextYear)));

            List<TopicRecord> records = records(broker);
            assertThat(records).hasSize(3).allSatisfy(record -> assertThat(record.partition())
                    .isEqualTo(KeyPartition.of(record.key(), 2)));
            assertThat(records.stream().map(TopicRecord::timestamp).sorted().toList())
                    .first()
                    .isEqualTo(Streams.T0);
            assertThat(delivery.waitingBytes()).isZero();
        }
    }

    @Test
    void noMoreWaitsForTheBrokersThanTheBufferTakes() throws Exception {
        EmbeddedBroker broker = broker();
        ClientSettings knowing = new ClientSettings(new TreeMap<>(Map.of(
                "bootstrap.servers",
                broker.bootstrapServers(),
                "metadata.recovery.strategy",
                "none"))); // or it forgets the topics when no broker is left
        try (EventDelivery delivery =
                new EventDelivery(knowing, 256 << 10, Duration.ofSeconds(10), InstantSource.system())) {
            awaitDelivered(delivery, event("u1", 10, NOW));
            broker.close();
            List<Event> events = new ArrayList<>();
            for (int number = 0; number < 100; number++) { // 10 MB, which do not compress
                events.add(event("u" + number, 100_000, NOW));
            }

            assertThatThrownBy(() -> delivery.deliver(events))
                    .isInstanceOf(UndeliveredException.class)
                    .hasMessageContaining("Failed to allocate");
        }
    }

    private EmbeddedBroker broker() {
        EmbeddedBroker broker = EmbeddedBroker.start(directory);
        new Topics(clients(broker), TopicSettings.read(new SettingsReader(Map.of())), PATIENCE).create();
        return broker;
    }

    private static EventDelivery delivery(EmbeddedBroker broker, long bufferBytes, Duration timeout) {
        return new EventDelivery(clients(broker), bufferBytes, timeout, InstantSource.system());
    }

    private static Event event(String user, int bytes, long time) {
        byte[] value = new byte[bytes];
        new Random(1).nextBytes(value);
        return new Event("users", user, value, time);
    }

    /** Delivers events, again if need be: a producer that is new to its brokers, or they to it, may take longer than one may. */
    private static void awaitDelivered(EventDelivery delivery, Event... events) {
        await().atMost(PATIENCE)
                .ignoreExceptionsInstanceOf(UndeliveredException.class)
                .until(() -> {
                    delivery.deliver(List.of(events));
                    return true;
                });
    }

    private static List<TopicRecord> records(EmbeddedBroker broker) {
        List<TopicRecord> records = new ArrayList<>();
        try (TopicReader log = new TopicReader(clients(broker), PATIENCE)) {
            for (int partition = 0; partition < 2; partition++) {
                log.read("users", partition, log.committedEnd("users", partition), records::add);
            }
        }
        return records;
    }

    private static ClientSettings clients(EmbeddedBroker broker) {
        return ClientSettings.of(broker.bootstrapServers());
    }
}
