package dev.millrace.popularity;

import dev.millrace.attribute.TrainingExample;
import java.time.Duration;
import java.util.List;

/** The slow, obvious twin of {@link FastPopularity}: every click kept, and weighed anew for each question. */
final class FastPopularityReference {

    private FastPopularityReference() {}

    static double number(List<TrainingExample> clicks, String item, long now, Duration halfLife, double prior) {
        double count = 0;
        for (TrainingExample click : clicks) {
            if (click.item().equals(item)) {
                count += Math.pow(2, -(now - click.time()) / (double) halfLife.toMillis());
            }
        }
        return Math.log(1 + count / prior);
    }
}
