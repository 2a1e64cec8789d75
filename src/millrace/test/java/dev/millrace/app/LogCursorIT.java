package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.state.Utf8;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.LogCursor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A partition that is read from position to position, before and after a broker has compacted it. */
@Tag("slow")
class LogCursorIT {

    private static final String TOPIC = "compacted";

    @Test
    void aRepeatedKeyShowsThatNothingWasCompacted(@TempDir Path directory) throws Exception {
        try (TestCluster scene = new TestCluster(directory, Map.of())) {
            Cluster cluster = scene.settings().cluster();
            try (Admin admin = Admin.create(
                    Map.<String, Object>of("bootstrap.servers", scene.given().get("kafka.bootstrap.servers")))) {
                NewTopic topic = new NewTopic(TOPIC, 1, (short) 1)
                        .configs(Map.of(
                                "cleanup.policy", "compact", "segment.ms", "50", "min.cleanable.dirty.ratio", "0.01"));
                admin.createTopics(List.of(topic)).all().get();
            }
            write(scene, "a", "b", "c", "b", "a");

            try (LogCursor cursor = new LogCursor(cluster, TOPIC, 0)) {
                assertThat(cursor.end()).isEqualTo(5);
                assertThat(read(cursor, 3)).containsExactly("a", "b", "c");
                assertThat(cursor.isWhole()).isFalse();
                assertThat(read(cursor, 3)).isEmpty();
                assertThat(read(cursor, 5)).containsExactly("b", "a");
                assertThat(cursor.isWhole()).isTrue();
            }

            // of a segment that is closed the first a and b go: up to the third position, what there was is lost
            await().atMost(TestCluster.PATIENCE).until(() -> {
                write(scene, "z"); // closes the segment before it
                try (LogCursor cursor = new LogCursor(cluster, TOPIC, 0)) {
                    return read(cursor, 5).equals(List.of("c", "b", "a")) && !cursor.isWhole();
                }
            });
        }
    }

    private static List<String> read(LogCursor cursor, long position) {
        List<String> keys = new ArrayList<>();
        cursor.readTo(position, record -> keys.add(Utf8.text(record.key())));
        return keys;
    }

    private static void write(TestCluster scene, String... keys) throws Exception {
        scene.write(Stream.of(keys)
                .map(key -> new ProducerRecord<>(TOPIC, Utf8.bytes(key), new byte[] {1}))
                .toList());
    }
}
