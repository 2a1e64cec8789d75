package dev.millrace.bench;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.negative.NegativeDraws;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * A shop whose clicks follow Zipf's law: the user, the item and each item of the history are drawn on their own. The same numbers give
 * the same clicks.
 *
 * <p>Items and users came in an order that has nothing to do with their rank, so that what is read most does not lie side by side.
 */
final class ZipfShop {

    /** Of the first click, epoch milliseconds: 2026-01-01. */
    private static final long FIRST_TIME = 1_767_225_600_000L;

    private static final int HISTORY = 20;
    private static final int ITEMS_A_BATCH = 10_000;
    private static final int FIRST_CLICKS_A_BATCH = 512;
    private static final long SEED = 1;

    private final int items;
    private final int users;
    private final ZipfDraws itemRanks;
    private final ZipfDraws userRanks;
    private long examples;
    private long step;

    ZipfShop(int items, int users) {
        this.items = items;
        this.users = users;
        this.itemRanks = new ZipfDraws(items, SEED);
        this.userRanks = new ZipfDraws(users, SEED + 1);
    }

    /** The next click. */
    TrainingExample next() {
        long number = examples++;
        List<String> history = IntStream.rangeClosed(1, HISTORY)
                .mapToObj(at -> item(ZipfDraws.spread(itemRanks.draw(number, at), items)))
                .toList();
        return click(
                user(ZipfDraws.spread(userRanks.draw(number, 0), users)),
                item(ZipfDraws.spread(itemRanks.draw(number, 0), items)),
                history);
    }

    /**
     * Batches that put all items into the catalogue, and then name each item and each user at least once, so that all have their rows.
     * Users that are left when each item has been named click a few items again and again: their rows are then on the heap.
     */
    void begin(Consumer<MiniBatch> log) {
        for (int from = 0; from < items; from += ITEMS_A_BATCH) {
            List<CatalogueChange> changes = IntStream.range(from, Math.min(items, from + ITEMS_A_BATCH))
                    .<CatalogueChange>mapToObj(number ->
                            new CatalogueChange.Upsert(new CatalogueItem(item(number), FIRST_TIME, Features.NONE)))
                    .toList();
            log.accept(batch(changes, List.of(), changes.size() + from));
        }
        int most = Math.max(items, users);
        for (int from = 0; from < most; from += FIRST_CLICKS_A_BATCH) {
            List<TrainingExample> clicks = IntStream.range(from, Math.min(most, from + FIRST_CLICKS_A_BATCH))
                    .mapToObj(number -> click(
                            user(number % users),
                            item(number < items ? number : number % Math.min(items, FIRST_CLICKS_A_BATCH)),
                            List.of()))
                    .toList();
            log.accept(batch(List.of(), clicks, items));
        }
    }

    private TrainingExample click(String user, String item, List<String> history) {
        long time = FIRST_TIME + examples;
        return new TrainingExample(
                "c" + examples,
                new UserFeatures(user, time, Features.NONE, history),
                Features.NONE,
                item,
                "click",
                1,
                time,
                0);
    }

    private static String item(int number) {
        return "item-" + number;
    }

    private static String user(int number) {
        return "user-" + number;
    }

    /** The next batch, without negatives. All of its items are taken to be equally popular. */
    private MiniBatch batch(List<CatalogueChange> changes, List<TrainingExample> clicks, int catalogueSize) {
        step++;
        float[] logProbability = new float[clicks.size()];
        Arrays.fill(logProbability, (float) -StrictMath.log(catalogueSize));
        return new MiniBatch(
                step,
                step,
                changes,
                clicks,
                logProbability,
                List.of(),
                new float[0],
                catalogueSize,
                List.of(),
                NegativeDraws.UNIFORM,
                List.of(),
                List.of());
    }
}
