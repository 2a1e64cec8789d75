package dev.millrace.verify.books;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;

/**
 * A click as its topic has it.
 *
 * @param id of the click as text: faults name it, and waiting clicks are answered in the order of their ids
 * @param userAndId hash of both
 * @param user hash of the user who clicked
 * @param pair hash of user and item
 * @param exposure hash of user, item and the exposure that the click names; absent if it names none
 * @param time event time, epoch milliseconds
 * @param clock event time of its topic here
 * @param offset in its partition
 */
record LoggedClick(
        String id,
        IdHash userAndId,
        IdHash user,
        IdHash pair,
        Optional<IdHash> exposure,
        String action,
        double weight,
        long time,
        ClockBounds.Range clock,
        long offset) {

    /** What an example repeats of its click, beside the id and the weight. */
    record Trace(IdHash pair, String action, long time) {}

    Trace trace() {
        return new Trace(pair, action, time);
    }

    /** The weights of clicks, by their traces: ascending, each once. */
    static Map<Trace, double[]> weights(List<LoggedClick> clicks) {
        Map<Trace, NavigableSet<Double>> sorted = new HashMap<>();
        for (LoggedClick click : clicks) {
            sorted.computeIfAbsent(click.trace(), trace -> new TreeSet<>()).add(click.weight());
        }
        Map<Trace, double[]> weights = new HashMap<>();
        sorted.forEach((trace, of) ->
                weights.put(trace, of.stream().mapToDouble(Double::doubleValue).toArray()));
        return weights;
    }
}
