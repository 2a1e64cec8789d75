package dev.millrace.publish;

import dev.millrace.popularity.PriorWeights.Young;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The recent popularity of an item, as subscribers receive it: a number by each of the half-lives among which its learner chooses, and the
 * number of its clicks so far.
 *
 * @param numbers natural log of the item's share of the recent clicks over that of an item without any, as of the
 *     embedding's event time; at least 0. See {@link dev.millrace.popularity.FastPopularity}
 * @param halfLives event time after which a click weighs half in each number, milliseconds; {@link #ENDLESS} for log(1 + clicks so far); none if there is
 *     no popularity
 * @param isDimension true if the numbers are also the last components of the vector on the topic, after the unit vector
 */
public record PublishedPopularity(List<Float> numbers, List<Long> halfLives, boolean isDimension) {

    /** Half-life of a number that does not decay. */
    public static final long ENDLESS = Long.MAX_VALUE;

    public static final PublishedPopularity NONE = new PublishedPopularity(List.of(), List.of(), false);

    /** @throws IllegalArgumentException if there is not one half-life for each number */
    public PublishedPopularity {
        numbers = List.copyOf(numbers);
        halfLives = List.copyOf(halfLives);
        if (numbers.size() != halfLives.size()) {
            throw new IllegalArgumentException(
                    numbers.size() + " numbers of popularity by " + halfLives.size() + " half-lives");
        }
    }

    /** A number by one half-life. */
    public PublishedPopularity(double number, long halfLife, boolean isDimension) {
        this(List.of((float) number), List.of(halfLife), isDimension);
    }

    /** Components after the unit vector on the topic: the numbers that decay. */
    public List<Float> dimensions() {
        return !isDimension
                ? List.of()
                : IntStream.range(0, numbers.size())
                        .filter(which -> halfLives.get(which) != ENDLESS)
                        .mapToObj(numbers::get)
                        .toList();
    }

    /** Clicks on the item so far, {@value Young#GROWN} for that many and more, and if the learner does not say. */
    public int clicks() {
        int which = halfLives.indexOf(ENDLESS);
        double clicks = which < 0 ? Young.GROWN : StrictMath.rint(StrictMath.expm1(numbers.get(which)));
        return (int) Math.min(clicks, Young.GROWN);
    }
}
