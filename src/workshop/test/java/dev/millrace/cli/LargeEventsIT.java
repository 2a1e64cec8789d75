package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.app.MillraceSettings;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.stream.Streams;
import dev.millrace.topic.EventProducer;
import dev.millrace.train.TrainingProgress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A trainer with a small heap on a broker, fed with events as large as events may be, and larger ones. */
@Tag("slow")
class LargeEventsIT {

    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final MillraceProcess.Launch SMALL = MillraceProcess.Launch.PROGRAM.with(
            List.of("-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError"));

    private final Path directory;

    LargeEventsIT(@TempDir Path directory) {
        this.directory = directory;
    }

    /** Entries of 1.2 MB: more than a topic takes by default. */
    @Test
    void largeProfilesAndContextsAreLearnt() throws Exception {
        List<String> settings = List.of(
                "limits.feature-bytes=600000",
                "limits.features-bytes=700000",
                "limits.profile-bytes=700000",
                "attribution.cap.user-item=0"); // one user clicks one item thirty times
        run(settings, producer -> {
            Features large = Features.of(Map.of("title", new FeatureValue.Category("x".repeat(600_000))));
            producer.send(new CatalogueItem("item", Streams.T0, Features.NONE));
            producer.send(new UserProfile("user", Streams.T0, large));
            for (int at = 0; at < 30; at++) {
                learnt(producer, at, "user", large);
            }
            return 30;
        });
    }

    /** What is packed well: a fetch of 1 MB holds thousands of these. */
    @Test
    void thousandOfTheLargestEventsAreLearntInASmallHeap() throws Exception {
        run(List.of("features.user=user,history,p1", "limits.profile-bytes=131072"), producer -> {
            Features large = half("p");
            for (int at = 0; at < 1_000; at++) {
                producer.send(new CatalogueItem("item" + at % 50, Streams.T0, half("i")));
                producer.send(new UserProfile("user" + at, Streams.T0, large));
                learnt(producer, at, "user" + at, large);
            }
            return 1_000;
        });
    }

    @Test
    void tooLargeValuesAreDeadLettersAlone() throws Exception {
        learnsWithDistinctTitles(List.of());
    }

    @Test
    @Tag("fault")
    @Tag("long")
    void longValuesFillATableWithHashesOnly() throws Exception {
        learnsWithDistinctTitles(
                List.of("limits.feature-bytes=450000", "limits.features-bytes=450000", "limits.profile-bytes=450000"));
    }

    private void learnsWithDistinctTitles(List<String> limits) throws Exception {
        List<String> settings = new ArrayList<>(limits);
        settings.add("features.user=user,history,title");
        run(settings, producer -> {
            for (int at = 0; at < 730; at++) {
                FeatureValue title = new FeatureValue.Category(at + "-" + "y".repeat(400_000));
                producer.send(new UserProfile("user" + at, Streams.T0, Features.of(Map.of("title", title))));
                learnt(producer, at, "user" + at, Features.NONE);
            }
            return 730;
        });
    }

    private interface Sending {
        /** Sends events. Returns the number of examples to be learnt. */
        int to(EventProducer producer);
    }

    private void run(List<String> settings, Sending sending) throws Exception {
        List<String> all = new ArrayList<>(settings);
        all.addAll(List.of(
                "topic.partitions=1",
                "stream.state-memory-bytes=67108864",
                "batch.negatives=16",
                "tower.dim=16",
                "exam.budget=0"));
        try (ProgramCluster programs = new ProgramCluster(SMALL, directory)) {
            ProgramCluster.ended(programs.start(all, "topics", "create"), 0);
            MillraceSettings own = programs.settings();
            int examples;
            try (EventProducer producer =
                    new EventProducer(own.clients(), own.topics().names(), Streams.wire())) {
                examples = sending.to(producer);
                producer.flush();
            }
            MillraceProcess trainer = programs.start(all, "train");
            try (ProgressWatch watch =
                    new ProgressWatch(own.clients(), own.topics().names().trainingProgress(), Streams.wire())) {
                await().atMost(PATIENCE).pollInterval(Duration.ofMillis(200)).until(() -> {
                    assertThat(trainer.isAlive()).as(trainer.output()).isTrue();
                    return watch.training().map(TrainingProgress::positives).orElse(0L) == examples;
                });
            }
        }
    }

    private static void learnt(EventProducer producer, int number, String user, Features context) {
        long time = Streams.T0 + 1_000L * number;
        producer.send(new Exposure("e" + number, user, "item", time, 0, context));
        producer.send(new Click(
                "c" + number, user, "item", Optional.of("e" + number), "click", 1, time + 1, 0, Features.NONE));
    }

    /** Two values of 60,000 bytes: nearly as much as features may have altogether. */
    private static Features half(String kind) {
        Map<String, FeatureValue> values = new TreeMap<>();
        values.put(kind + 1, new FeatureValue.Category("x".repeat(60_000)));
        values.put(kind + 2, new FeatureValue.Category("z".repeat(60_000)));
        return Features.of(values);
    }
}
