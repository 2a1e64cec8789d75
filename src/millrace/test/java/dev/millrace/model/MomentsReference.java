package dev.millrace.model;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/** The statistics of a numeric feature, from all numbers that were ever taken in: mean and variance are sums over them. */
final class MomentsReference {

    private final Map<Integer, List<Taken>> groups = new TreeMap<>();
    private double mean;
    private double deviation;
    private boolean isClipping;

    private record Taken(double number, double weight) {}

    /** A group's sums, with another weight than its own if that is less. */
    private record Part(double weight, double mean, double variance) {

        static Part of(List<Taken> numbers) {
            double weight = numbers.stream().mapToDouble(Taken::weight).sum();
            double mean = numbers.stream()
                            .mapToDouble(taken -> taken.weight() * taken.number())
                            .sum()
                    / weight;
            double squares = numbers.stream()
                    .mapToDouble(taken -> taken.weight() * (taken.number() - mean) * (taken.number() - mean))
                    .sum();
            return new Part(weight, mean, squares / weight);
        }

        double spread(double around) {
            return variance + (mean - around) * (mean - around);
        }

        Part atMost(double other) {
            return new Part(Math.min(weight, other), mean, variance);
        }
    }

    void plus(String subject, double number, double weight) {
        double reach = isClipping ? 16 * deviation : 1e100;
        double centre = isClipping ? mean : 0;
        double clipped = Math.min(centre + reach, Math.max(centre - reach, number));
        groups.computeIfAbsent(Moments.group(subject), absent -> new ArrayList<>())
                .add(new Taken(clipped, weight));
    }

    void settle() {
        List<Part> parts = groups.values().stream().map(Part::of).toList();
        boolean areEnough = parts.size() >= 5;
        if (areEnough) {
            double middle = median(parts, Part::mean);
            double weight = median(parts, Part::weight);
            List<Part> spread =
                    parts.stream().filter(part -> part.spread(middle) >= 1e-12).toList();
            double typical = spread.isEmpty() ? 0 : median(spread, part -> part.spread(middle));
            parts = parts.stream()
                    .filter(part -> part.spread(middle) <= Math.max(64 * typical, 1e-12))
                    .map(part -> part.atMost(2 * weight))
                    .toList();
        }
        double weight = parts.stream().mapToDouble(Part::weight).sum();
        mean = parts.stream().mapToDouble(part -> part.weight() * part.mean()).sum() / weight;
        double variance = parts.stream()
                        .mapToDouble(part -> part.weight() * part.spread(mean))
                        .sum()
                / weight;
        deviation = Math.sqrt(variance) < 1e-6 ? 0 : Math.sqrt(variance);
        isClipping = areEnough && deviation > 0;
    }

    double mean() {
        return mean;
    }

    double deviation() {
        return deviation;
    }

    /** Returns the normalised number; 0 before two different numbers. */
    double normalise(double number) {
        return deviation == 0 ? 0 : Math.max(-8, Math.min(8, (number - mean) / deviation));
    }

    private static double median(List<Part> parts, ToDoubleFunction<Part> of) {
        List<Part> sorted =
                parts.stream().sorted(Comparator.comparingDouble(of)).toList();
        return of.applyAsDouble(sorted.get((sorted.size() - 1) / 2));
    }
}
