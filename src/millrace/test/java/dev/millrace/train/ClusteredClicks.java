package dev.millrace.train;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Seeded clicks of users who click within one cluster of items, or, as garbage, anywhere. */
final class ClusteredClicks {

    private final SplittableRandom random;
    private final int clusters;
    private final int itemsACluster;
    private final long begin;
    private int count;

    /** @param begin event time of the first, epoch milliseconds */
    ClusteredClicks(long seed, int clusters, int itemsACluster, long begin) {
        this.random = new SplittableRandom(seed);
        this.clusters = clusters;
        this.itemsACluster = itemsACluster;
        this.begin = begin;
    }

    /** Names of all items. */
    public List<String> items() {
        List<String> items = new ArrayList<>();
        for (int number = 0; number < clusters * itemsACluster; number++) {
            items.add("i" + number);
        }
        return items;
    }

    /** A user who has clicked within a cluster clicks another item of it. */
    public TrainingExample good() {
        int cluster = random.nextInt(clusters);
        return example(cluster, cluster * itemsACluster + random.nextInt(itemsACluster));
    }

    /** A user who has clicked within a cluster is said to have clicked an item drawn from all. */
    public TrainingExample garbage() {
        return example(random.nextInt(clusters), random.nextInt(clusters * itemsACluster));
    }

    private TrainingExample example(int cluster, int item) {
        List<String> history = List.of(
                "i" + (cluster * itemsACluster + random.nextInt(itemsACluster)),
                "i" + (cluster * itemsACluster + random.nextInt(itemsACluster)));
        long time = begin + 1000L * count;
        UserFeatures user = new UserFeatures("u" + random.nextInt(500), time, Features.NONE, history);
        return new TrainingExample("c" + count++, user, Features.NONE, "i" + item, "click", 1, time, time);
    }
}
