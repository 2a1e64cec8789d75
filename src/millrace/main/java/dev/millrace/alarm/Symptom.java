package dev.millrace.alarm;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** What can be wrong with a model or with the events: its limit, and what it means. docs/diagnosis.md says what is measured. */
public enum Symptom {
    /** Mean cosine of two items of a sample is above the limit: all vectors point one way. */
    EMBEDDING_COLLAPSE(
            0.99,
            1,
            "items' vectors point one way: lower the temperature or the learning rate; take more or harder negatives"),
    /** Mean length of items' vectors before normalisation, over its first value, is above the limit or below its inverse. */
    NORM_DRIFT(
            100,
            1e9,
            "items' vectors grow or shrink: lower the learning rates, or set optimiser.*.l2 (lower it if vectors vanish)"),
    /** Share of logits masked as accidental hits is above the limit. */
    MASKED_LOGITS(
            0.5,
            1,
            "few logits are left: take more batch.negatives or fewer rehearsal.examples; look for a repeating producer"),
    /** Share of a batch's examples whose item an earlier example of the batch has is above the limit. */
    REPEATED_ITEMS(
            0.9,
            1,
            "batches repeat few items: take more batch.negatives or fewer rehearsal.examples; look for a repeating producer"),
    /** Median of the probability estimated for a positive is above the limit: the estimator is saturated. */
    SATURATED_PROBABILITY(
            0.5,
            1,
            "the correction for popularity is useless: popularity.half-life is far too short, or with popularity.estimator ="
                    + " intervals batches hold items several times"),
    /** Mean gradient norm of the networks, over its trend, is above the limit. */
    GRADIENT_NORM(10, 1e9, "the input has changed: features, weights or a producer"),
    /** Recall of the model over that of popularity is below the limit, over a window of scored events. */
    RECALL_BELOW_POPULARITY(
            1,
            10,
            "a list of what is popular would be better than the model's answers: usual for a young model; later, data or features are"
                    + " not those that the settings were tuned on"),
    /** Age of the oldest published vector, over its bound and the time between two publications, is above the limit. */
    VECTOR_AGE(
            1.1,
            1e9,
            "vectors are older than their bound: publication is withheld, or publish.max-vectors or the bound is too low"),

    /** Share of the last clicks that found no exposure is above the limit. */
    ORPHAN_CLICKS(
            0.2,
            1,
            "clicks find no exposure: exposures are not sent, or to another topic, or under other ids of users and "
                    + "items; clocks of producers differ; or, with attribution.partitions = any, the producers of exposures "
                    + "and clicks have different partitioners"),
    /** Share of the last clicks that came after the window of their exposure is above the limit. */
    LATE_CLICKS(
            0.2,
            1,
            "clicks come after the window of their exposure: attribution.window is too short; the clocks of many clients are behind "
                    + "in clicks or ahead in exposures; or events wait for long before they are sent"),
    /** Share of the last clicks whose weight was larger than allowed is above the limit. */
    CUT_WEIGHTS(
            0.05,
            1,
            "clicks have a larger weight than attribution.max-weight and count as that: a producer sends weights of another scale, "
                    + "or a client exaggerates; raise the setting, for all actions alike, only if the weights are meant"),
    /** Share of items whose time is more than a week ahead, of those that are there or wait, is above the limit. */
    FAR_ITEMS(
            0.1,
            1,
            "items have times that are more than a week ahead, and wait for them: a producer's times are wrong, or mean never; "
                    + "send these items again with the right time, or remove them"),
    /** Records were rejected for their partition, the last one not long ago. */
    MISPLACED_RECORDS(
            0,
            0,
            "records are rejected, because a producer has another partitioner than Kafka's default, murmur2: set "
                    + "partitioner=murmur2_random in librdkafka (confluent-kafka, kcat), then send the dead letters again"),
    /** More removals of users and items were rejected for their partition than are known to have been sent again. */
    MISPLACED_REMOVALS(
            0,
            Double.MAX_VALUE,
            "removals were not carried out, because a producer has another partitioner than Kafka's default, "
                    + "murmur2: send those dead letters again, then set alarm.misplaced-removals to their number");

    /** Symptoms of the model, which its learner measures. */
    public static final List<Symptom> OF_MODEL = Stream.of(values())
            .filter(each -> each.compareTo(ORPHAN_CLICKS) < 0)
            .toList();

    /** Symptoms of the events, which each trainer reads in the books. */
    public static final List<Symptom> OF_EVENTS = Stream.of(values())
            .filter(each -> each.compareTo(ORPHAN_CLICKS) >= 0)
            .toList();

    private final double limit;
    private final double highestLimit;
    private final String cause;

    Symptom(double limit, double highestLimit, String cause) {
        this.limit = limit;
        this.highestLimit = highestLimit;
        this.cause = cause;
    }

    /** Limit unless the settings have another. */
    double limit() {
        return limit;
    }

    /** Highest limit that the settings may have. */
    double highestLimit() {
        return highestLimit;
    }

    /** Returns the name in settings, metrics and reports. */
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** What it says, and its causes or remedies. */
    public String cause() {
        return cause;
    }
}
