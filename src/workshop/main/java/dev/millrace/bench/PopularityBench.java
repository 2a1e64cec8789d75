package dev.millrace.bench;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.evaluate.Figures;
import dev.millrace.evaluate.Report;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.popularity.ItemPopularity;
import dev.millrace.popularity.PopularitySettings;
import dev.millrace.popularity.PopularitySettings.Estimator;
import dev.millrace.state.CounterRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Compares estimators of popularity with the truth, on sampled streams whose items have the frequencies of Zipf's law. With drift, the
 * items swap their frequencies at half time.
 */
public final class PopularityBench {

    private static final int ITEMS = 10_000;
    private static final int POSITIVES = 512_000;
    private static final long TIME = 1_600_000_000_000L;
    private static final long SEED = 1;

    private static final List<PopularitySettings> ESTIMATORS = List.of(
            new PopularitySettings(Estimator.INTERVALS, 1, 0.05, 0, 16),
            new PopularitySettings(Estimator.INTERVALS, 1, 0.01, 0, 16),
            new PopularitySettings(Estimator.INTERVALS, 1, 0.002, 0, 16),
            new PopularitySettings(Estimator.INTERVALS, 1, 0.01, 1, ITEMS),
            new PopularitySettings(Estimator.INTERVALS, 1, 0.01, 5, ITEMS),
            new PopularitySettings(Estimator.RUNNING, 1, 1, 0, 16),
            new PopularitySettings(Estimator.DECAYED, 100_000, 1, 0, 16),
            new PopularitySettings(Estimator.COUNT_MIN, 100_000, 1, 1, ITEMS),
            new PopularitySettings(Estimator.COUNT_MIN, 100_000, 1, 4, ITEMS),
            new PopularitySettings(Estimator.COUNT_MIN, 100_000, 1, 4, ITEMS / 10));

    private PopularityBench() {}

    /**
     * A stream of positives.
     *
     * @param isSwapped whether frequencies change at half time
     */
    record Stream(int items, int batchSize, int batches, boolean isSwapped) {}

    /** Tells the errors of all estimators. */
    public static void run(Report report, List<Integer> batchSizes) {
        report.note("deviation of log p from the truth, weighted by the stream");
        report.add(new Figures().with("items", ITEMS).with("positives", POSITIVES));
        int all = ESTIMATORS.size() * batchSizes.size() * 2;
        int done = 0;
        for (PopularitySettings settings : ESTIMATORS) {
            for (int size : batchSizes) {
                for (boolean isSwapped : new boolean[] {false, true}) {
                    report.progress().reached(name(settings), done++, all);
                    Stream stream = new Stream(ITEMS, size, POSITIVES / size, isSwapped);
                    report.add(
                            "estimates",
                            new Figures()
                                    .with("estimator", name(settings))
                                    .with("batch", size)
                                    .with("drift", isSwapped ? "swap" : "none")
                                    .with(
                                            "logPDeviation",
                                            error(settings.estimator('P', size, catalogue(ITEMS)), stream)));
                }
            }
        }
        report.progress().reached("", all, all);
    }

    /**
     * Feeds a stream to an estimator.
     *
     * @return standard deviation of the error of its log p at the end, weighted by the frequencies; a softmax does not see the mean
     */
    static double error(ItemPopularity popularity, Stream stream) {
        double[] below = new double[stream.items];
        double total = 0;
        for (int rank = 0; rank < stream.items; rank++) {
            total += 1.0 / (rank + 1);
            below[rank] = total;
        }
        for (int batch = 0; batch < stream.batches; batch++) {
            boolean isSwapped = stream.isSwapped && batch >= stream.batches / 2;
            int[] positives = new int[stream.batchSize];
            for (int at = 0; at < stream.batchSize; at++) {
                int found = Arrays.binarySearch(below, CounterRandom.unit(SEED, batch, at) * total);
                positives[at] = item(stream, found < 0 ? -1 - found : found, isSwapped);
            }
            popularity.observe(positives);
        }
        double mean = 0;
        double squares = 0;
        for (int rank = 0; rank < stream.items; rank++) {
            double frequency = 1.0 / (rank + 1) / total;
            int item = item(stream, rank, stream.isSwapped);
            double error = popularity.logProbability(item, stream.items) - StrictMath.log(frequency);
            mean += frequency * error;
            squares += frequency * error * error;
        }
        return StrictMath.sqrt(squares - mean * mean);
    }

    /** The item of a rank; after the swap, of the rank that is farthest away. */
    private static int item(Stream stream, int rank, boolean isSwapped) {
        return isSwapped ? (rank + stream.items / 2) % stream.items : rank;
    }

    static Catalogue catalogue(int items) {
        Catalogue catalogue = new Catalogue('C');
        for (int item = 0; item < items; item++) {
            catalogue.apply(new CatalogueChange.Upsert(new CatalogueItem("item-" + item, TIME, Features.NONE)));
        }
        return catalogue;
    }

    private static String name(PopularitySettings settings) {
        String name = settings.estimator().name().toLowerCase(Locale.ROOT).replace('_', '-');
        String sketch = settings.hashes() == 0 ? "" : ", " + settings.hashes() + " x " + settings.buckets();
        return switch (settings.estimator()) {
            case RUNNING -> name;
            case DECAYED -> name + ", half-life " + Math.round(settings.halfLife());
            case INTERVALS -> name + ", rate " + settings.rate() + sketch;
            case COUNT_MIN -> name + sketch;
        };
    }
}
