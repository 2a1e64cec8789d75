package dev.millrace.app;

import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.follow.DiskEntries;
import dev.millrace.follow.FollowingRecall;
import dev.millrace.follow.ModelFeed;
import dev.millrace.follow.Readiness;
import dev.millrace.follow.ServedState;
import dev.millrace.generation.GenerationRefusedException;
import dev.millrace.index.ScoredItem;
import dev.millrace.operation.Progress;
import dev.millrace.recall.RecallEngine;
import dev.millrace.recall.RecallRequest;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.TopicReader;
import dev.millrace.wire.Topic;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/** Compares the answers of two generations to the same users. It reads the topics as a server does, beside the servers that run. */
public final class GenerationComparison {

    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final Duration LOOK = Duration.ofMillis(100);
    private static final int ALL = 1_000;

    /**
     * How far two generations agree.
     *
     * @param users number of users compared, each with a history
     * @param k items of an answer
     * @param common share of the items of one answer that are in the other too, mean over the users
     * @param sameFirst share of the users whose best item is the same
     */
    public record Agreement(int users, int k, double common, double sameFirst) {}

    private GenerationComparison() {}

    /**
     * @param most users to compare, sampled by their ids
     * @param directory for what does not fit in memory; the files of an earlier run are deleted
     * @param progress told of the records that are read
     * @throws GenerationRefusedException if one of them cannot answer
     */
    public static Agreement between(
            MillraceSettings settings, String left, String right, int most, int k, Path directory, Progress progress)
            throws IOException, InterruptedException {
        Cluster cluster = settings.cluster().withPatience(PATIENCE).followedBy(progress);
        List<String> users = sample(cluster, most);
        try (DiskEntries disk = DiskEntries.open(directory, settings.serve().cacheBytes())) {
            ServedState state = new ServedState(disk, new ModelFeed(disk), ALL, InstantSource.system());
            try (FollowingRecall following =
                    FollowingRecall.start(cluster.clients(), cluster.topics(), cluster.wire(), state)) {
                await(state, following, left, progress);
                await(state, following, right, progress);
                return agreement(state.engine(), left, right, users, k);
            }
        }
    }

    private static void await(ServedState state, FollowingRecall following, String generation, Progress progress)
            throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (state.engine().generation(generation).isEmpty()) {
            Optional<Throwable> failure = following.failure();
            if (failure.isPresent()) {
                throw new IllegalStateException("a topic cannot be read: " + failure.get(), failure.get());
            }
            if (state.isCaughtUp() || System.nanoTime() > deadline) {
                Thread.sleep(2 * LOOK.toMillis()); // the last entries of an encoder are used after a pause
                if (state.engine().generation(generation).isPresent()) {
                    return;
                }
                throw new GenerationRefusedException("generation " + generation
                        + " cannot answer: it is not complete, or this version does not understand its settings");
            }
            tell(state.readiness(), progress);
            Thread.sleep(LOOK.toMillis());
        }
    }

    private static void tell(Readiness readiness, Progress progress) {
        long read = 0;
        long all = 0;
        for (Readiness.Records records : readiness.records().values()) {
            read += records.read();
            all += records.of();
        }
        boolean isKnown = readiness.records().size() == readiness.topics().size();
        progress.reached(read, isKnown ? all : Progress.UNKNOWN);
    }

    private static Agreement agreement(RecallEngine engine, String left, String right, List<String> users, int k) {
        double common = 0;
        int sameFirst = 0;
        for (String user : users) {
            List<String> ofLeft = recall(engine, left, user, k);
            List<String> ofRight = recall(engine, right, user, k);
            Set<String> both = new HashSet<>(ofLeft);
            both.retainAll(ofRight);
            common += (double) both.size() / Math.max(1, Math.max(ofLeft.size(), ofRight.size()));
            sameFirst += !both.isEmpty() && ofLeft.get(0).equals(ofRight.get(0)) ? 1 : 0;
        }
        int count = Math.max(1, users.size());
        return new Agreement(users.size(), k, common / count, (double) sameFirst / count);
    }

    private static List<String> recall(RecallEngine engine, String generation, String user, int k) {
        return engine.recall(new RecallRequest(user, k, true, Features.NONE).of(generation))
                .when(found -> found.items().stream().map(ScoredItem::item).toList(), refusal -> {
                    throw new GenerationRefusedException(
                            "generation " + generation + " was dropped during the comparison");
                });
    }

    /** Users with a history: those whose ids have the smallest check sums. */
    private static List<String> sample(Cluster cluster, int most) {
        TreeMap<Long, String> drawn = new TreeMap<>();
        try (TopicReader reader = cluster.reader()) {
            for (TopicReader.Extent extent : reader.extents(cluster.topics().userFeatures())) {
                reader.read(extent, extent.first(), record -> {
                    Optional<UserFeatures> user = cluster.wire().decode(Topic.USER_FEATURES, record);
                    if (user.filter(one -> !one.history().isEmpty()).isPresent()) {
                        drawn.put(checkSum(user.get().user()), user.get().user());
                        if (drawn.size() > most) {
                            drawn.pollLastEntry();
                        }
                    }
                    return true;
                });
            }
        }
        return new ArrayList<>(drawn.values());
    }

    private static long checkSum(String user) {
        CRC32C sum = new CRC32C();
        sum.update(user.getBytes(StandardCharsets.UTF_8));
        return sum.getValue();
    }
}
