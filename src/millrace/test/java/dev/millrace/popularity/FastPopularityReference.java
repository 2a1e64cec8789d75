package dev.millrace.popularity;

import dev.millrace.attribute.TrainingExample;
import java.util.List;

/** The slow, obvious twin of {@link FastPopularity}: every click kept, and weighed anew for each question. Half-life 6 h, ε .1. */
final class FastPopularityReference {

    private static final double HALF_LIFE = 6 * 3_600_000.0;
    private static final double PRIOR = 0.1;

    private FastPopularityReference() {}

    static double probability(List<TrainingExample> clicks, String item, long now, int catalogueSize) {
        double own = 0;
        double all = 0;
        for (TrainingExample click : clicks) {
            double weight = Math.pow(2, -(now - click.time()) / HALF_LIFE);
            all += weight;
            own += click.item().equals(item) ? weight : 0;
        }
        return (own + PRIOR) / (all + PRIOR * catalogueSize);
    }
}
