package dev.millrace.train;

import java.util.List;

/**
 * The figures of a {@link TrainingProgress} that have a name: those of the last learnt batch and of the last
 * publication.
 *
 * <p>The labels are stored and published.
 */
public enum Figure {
    TEMPERATURE("temperature", Kind.GAUGE, "learn.temperature", "temperature of the softmax after the last step"),
    POPULARITY_WEIGHT(
            "popularity-weight",
            Kind.GAUGE,
            "learn.popularity.weight",
            "learned weight of recent popularity in the score cos / temperature + weight * log popularity"),
    POPULARITY_HALF_LIFE(
            "popularity-half-life-seconds",
            Kind.GAUGE,
            "learn.popularity.half.life.seconds",
            "half-life of recent popularity that leads, in event time"),
    AGE_WEIGHT(
            "age-weight", Kind.GAUGE, "learn.age.weight", "learned weight of log(1 + hours of age) in the same score"),
    NEWNESS_WEIGHT(
            "newness-weight",
            Kind.GAUGE,
            "learn.newness.weight",
            "learned weight of log(1 + hours of age), up to 2, in the same score"),
    NEIGHBOURS_WEIGHT(
            "neighbours-weight",
            Kind.GAUGE,
            "learn.neighbours.weight",
            "learned weight of how near an item is to the user's latest clicks in the same score"),
    YOUNG_BONUS(
            "young-bonus",
            Kind.GAUGE,
            "learn.young.bonus",
            "bonus of items with fewer than ten clicks in the score weight of the towers * cos / temperature + …"),
    /** Of a place of the history, if answers have those items; the label ends with the place, or the first one of several. */
    REPEAT_WEIGHT("repeat-weight"),
    REPEATS(
            "repeats",
            Kind.GAUGE,
            "learn.repeats",
            "share of examples whose item is in the user's history, of those with a history in the last some 256 batches"),
    REHEARSED(
            "rehearsed",
            Kind.GAUGE_FROM_ZERO,
            "learn.rehearsed",
            "examples of earlier batches that the last batch learnt again"),
    LOG_Q_LOW("log-q.low", Kind.GAUGE, "learn.log.q", "p5", Figure.LOG_Q),
    LOG_Q_MEDIAN("log-q.median", Kind.GAUGE, "learn.log.q", "p50", Figure.LOG_Q),
    LOG_Q_HIGH("log-q.high", Kind.GAUGE, "learn.log.q", "p95", Figure.LOG_Q),
    /** Of each action; the label ends with its name. */
    OBJECTIVE_WEIGHT("objective-weight"),
    VECTOR_AGE_MAX("vector-age.max-steps", Kind.GAUGE, "publish.vector.age.steps", "max", Figure.AGE),
    VECTOR_AGE_P99("vector-age.p99-steps", Kind.GAUGE, "publish.vector.age.steps", "p99", Figure.AGE),
    VECTOR_AGE_MEAN("vector-age.mean-steps", Kind.GAUGE, "publish.vector.age.steps", "mean", Figure.AGE),
    VECTOR_AGE_SECONDS(
            "vector-age.max-seconds",
            Kind.GAUGE,
            "publish.vector.age.seconds",
            "age of the oldest published vector at the last publication, in event time"),
    VECTOR_AGE_BOUND(
            "vector-age.bound-steps",
            Kind.GAUGE,
            "publish.vector.age.bound.steps",
            "bound in force on the age of the oldest published vector, learning steps; 0: none"),
    PUBLISHED_VECTORS("published-vectors", Kind.COUNTER, "publish.vectors", "vectors published"),
    ANNOUNCED(
            "announced",
            Kind.GAUGE_FROM_ZERO,
            "learn.announced.items",
            "items, and changes of items, that wait for their time"),
    /** Share of items whose time is more than a week ahead, of those that are there or wait: the measure of an alarm. */
    FAR_ITEMS("announced.far-share"),
    CLOCK(
            "clock-seconds",
            Kind.GAUGE_FROM_ZERO,
            "learn.clock.timestamp.seconds",
            "event time up to which announced items have come"),
    ROW_CACHE_BYTES("row-cache.bytes", Kind.GAUGE, "learn.row.cache.bytes", "embedding rows on the learner's heap"),
    ROWS_MISSED(
            "row-cache.missed",
            Kind.COUNTER,
            "learn.rows.missed",
            "embedding rows that steps had to read from the state directory since this learner started"),
    ROWS_LEARNT(
            "row-cache.learnt",
            Kind.COUNTER,
            "learn.rows",
            "embedding rows that steps learnt from since this learner started");

    /** What is learned of the score beside the towers. */
    public static final List<Figure> OF_THE_MIXTURE = List.of(
            POPULARITY_WEIGHT, POPULARITY_HALF_LIFE, AGE_WEIGHT, NEWNESS_WEIGHT, NEIGHBOURS_WEIGHT, YOUNG_BONUS);

    private static final String LOG_Q = "natural log of the sampling probability of the last batch's columns";
    private static final String AGE = "age of the published vectors at the last publication, learning steps";

    private final String label;
    private final Kind kind;
    private final String metric;
    private final String of;
    private final String help;

    Figure(String label) {
        this(label, Kind.NONE, "", "");
    }

    Figure(String label, Kind kind, String metric, String help) {
        this(label, kind, metric, "", help);
    }

    Figure(String label, Kind kind, String metric, String of, String help) {
        this.label = label;
        this.kind = kind;
        this.metric = metric;
        this.of = of;
        this.help = help;
    }

    /** What metric shows a figure, and what it has before the figure was measured. */
    public enum Kind {
        /** No metric. */
        NONE,
        /** Not a number before. */
        GAUGE,
        /** 0 before. */
        GAUGE_FROM_ZERO,
        /** It only grows, from 0. */
        COUNTER
    }

    public Kind kind() {
        return kind;
    }

    /** Returns the name of the metric, without the first word, which all metrics of Millrace have. */
    public String metric() {
        return metric;
    }

    /** Returns what tells the metric apart from others of its name; empty if it is alone. */
    public String of() {
        return of;
    }

    /** Returns what the metric shows. */
    public String help() {
        return help;
    }

    /** Returns the name of the figure. */
    public String label() {
        return label;
    }

    /** Returns the name of the figure for one action. */
    public String label(String of) {
        return label + "." + of;
    }
}
