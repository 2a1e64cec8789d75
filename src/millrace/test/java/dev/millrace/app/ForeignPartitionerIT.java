package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.state.Books;
import dev.millrace.stream.run.StreamRunner;
import dev.millrace.topic.EventProducer;
import dev.millrace.verify.books.CountReport;
import dev.millrace.wire.EventJson;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Producers that place keys as librdkafka does by default, by CRC-32, beside those that place them as Kafka's own clients do. */
@Tag("slow")
class ForeignPartitionerIT {

    private static final Duration PATIENCE = TestCluster.PATIENCE;
    private static final long T0 = TestCluster.T0;
    private static final int PARTITIONS = 2;
    private static final int CLICKS = 200;

    private final TestCluster cluster;

    ForeignPartitionerIT(@TempDir Path directory) {
        cluster = new TestCluster(directory, Map.of("topic.partitions", Integer.toString(PARTITIONS)));
    }

    @AfterEach
    void end() {
        cluster.close();
    }

    @Test
    void clickInAnotherPartitionIsNoOrphan() throws Exception {
        List<String> users = users().limit(CLICKS).toList();
        long inPlace = users.stream().filter(id -> crc32(id) == murmur2(id)).count();
        assertThat(inPlace).isBetween(CLICKS / 4L, CLICKS * 3L / 4); // or the test shows nothing
        try (StreamRunner trainer = cluster.run();
                EventProducer producer = cluster.producer();
                ProgressWatch progress = cluster.progress()) {
            for (String user : users) {
                producer.send(new Exposure("e-" + user, user, "i1", T0, T0, Features.NONE));
            }
            producer.flush();
            List<ProducerRecord<byte[], byte[]>> clicks = new ArrayList<>();
            for (String user : users) {
                Click click =
                        new Click("c-" + user, user, "i1", Optional.empty(), "click", 1, T0 + 1, T0, Features.NONE);
                clicks.add(new ProducerRecord<>("clicks", crc32(user), T0, utf8(user), EventJson.of(click)));
            }
            cluster.write(clicks);
            endWindows(producer);

            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(progress.books().getOrDefault("clicks", Books.Account.EMPTY))
                            .isEqualTo(new Books.Account(
                                    CLICKS + PARTITIONS,
                                    PARTITIONS,
                                    new TreeMap<>(Map.of(
                                            "attributed", inPlace, "rejected: bad-partition", CLICKS - inPlace)))));
            assertThat(cluster.records("dead-letters")).hasSize((int) (CLICKS - inPlace));
            CountReport report = cluster.audit();
            assertThat(report.faults()).isEmpty();
            assertThat(report.lines()).allMatch(line -> line.difference() == 0);
        }
    }

    /** An exposure and a click in each partition, so late that all windows of the others end. */
    private static void endWindows(EventProducer producer) {
        for (int partition = 0; partition < PARTITIONS; partition++) {
            int at = partition;
            String user = IntStream.range(0, 100)
                    .mapToObj(number -> "last" + number)
                    .filter(id -> murmur2(id) == at)
                    .findFirst()
                    .orElseThrow();
            long late = T0 + Duration.ofDays(1).toMillis();
            producer.send(new Exposure("e-" + user, user, "i2", late, late, Features.NONE));
            producer.send(new Click("c-" + user, user, "i1", Optional.empty(), "click", 1, late, late, Features.NONE));
        }
        producer.flush();
    }

    private static Stream<String> users() {
        return IntStream.range(0, 10_000).mapToObj(number -> "user" + number);
    }

    /** As {@code consistent_random} of librdkafka places a key. */
    private static int crc32(String key) {
        CRC32 crc = new CRC32();
        crc.update(utf8(key));
        return (int) (crc.getValue() % PARTITIONS);
    }

    private static int murmur2(String key) {
        return Utils.toPositive(Utils.murmur2(utf8(key))) % PARTITIONS;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
