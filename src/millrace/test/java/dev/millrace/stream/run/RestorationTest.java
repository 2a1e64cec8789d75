package dev.millrace.stream.run;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class RestorationTest {

    private static final TopicPartition SMALL = new TopicPartition("small-changelog", 0);
    private static final TopicPartition LARGE = new TopicPartition("large-changelog", 0);

    private final List<String> lines = new ArrayList<>();
    private long nanos;
    private final Restoration restoration = new Restoration(lines::add, () -> nanos);

    @Test
    void aLongRestoreSaysEveryTenSecondsHowFarItIs() {
        restoration.left(nanos);
        restoration.onRestoreStart(SMALL, "small", 0, 100);
        restoration.onRestoreStart(LARGE, "large", 1_000, 2_000);

        pass(9);
        restoration.onBatchRestored(SMALL, "small", 99, 90);
        assertThat(lines).isEmpty();
        pass(1);
        restoration.onBatchRestored(LARGE, "large", 1_199, 150);
        pass(9);
        restoration.onBatchRestored(LARGE, "large", 1_299, 100);

        // offsets: 100 of 100 and 200 of 1,000; records: 90 and 150. The second line is due ten seconds after the first
        assertThat(lines).containsExactly("restores its state, 300 of 1100 offsets read, restored 240 records");
        pass(1);
        restoration.onBatchRestored(LARGE, "large", 1_999, 600);
        assertThat(lines).hasSize(2).last().asString().endsWith("1100 of 1100 offsets read, restored 940 records");
    }

    @Test
    void theNextRestoreIsCountedByItself() {
        restoration.left(nanos);
        restoration.onRestoreStart(SMALL, "small", 0, 100);
        restoration.onBatchRestored(SMALL, "small", 99, 90);
        assertThat(restoration.ready(nanos)).isEqualTo("ready after 0.000 s, restored 90 records");

        pass(3_600);
        restoration.left(nanos);
        restoration.onRestoreStart(LARGE, "large", 0, 1_000);
        restoration.onBatchRestored(LARGE, "large", 9, 10);
        assertThat(lines).isEmpty();
        pass(10);
        restoration.onBatchRestored(LARGE, "large", 19, 10);

        assertThat(lines).containsExactly("restores its state, 20 of 1000 offsets read, restored 20 records");
    }

    @Test
    void aTaskThatGoesToAnotherProcessIsNotWaitedFor() {
        restoration.left(nanos);
        restoration.onRestoreStart(SMALL, "small", 0, 100);
        restoration.onRestoreStart(LARGE, "large", 0, 1_000);
        restoration.onRestoreSuspended(LARGE, "large", 0);
        pass(10);
        restoration.onBatchRestored(SMALL, "small", 49, 50);

        assertThat(lines).containsExactly("restores its state, 50 of 100 offsets read, restored 50 records");
    }

    /** It has two lines for each store at each start. */
    @Test
    void kafkasOwnLinesAboutRestoresAreNotLogged() {
        Logger kafkas =
                (Logger) LoggerFactory.getLogger("org.apache.kafka.streams.processor.internals.StoreChangelogReader");

        assertThat(kafkas.isInfoEnabled()).isFalse();
        assertThat(kafkas.isWarnEnabled()).isTrue();
    }

    private void pass(long seconds) {
        nanos += Duration.ofSeconds(seconds).toNanos();
    }
}
