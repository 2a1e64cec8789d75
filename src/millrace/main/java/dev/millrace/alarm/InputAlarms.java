package dev.millrace.alarm;

import dev.millrace.event.RejectReason;
import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/** What may be wrong with the events, as the books of all parts tell. It stops nothing. Safe for threads. */
public final class InputAlarms {

    /**
     * One alarm, as last measured.
     *
     * @param value share of clicks or of items, or number of records since the beginning
     * @param limit limit that the value is compared with
     */
    public record State(Symptom kind, double value, double limit, boolean isActive) {}

    /** Clicks that make a share. */
    static final int CLICKS = 100;

    /** Records in a row that must be in place before the alarm ends. */
    static final int QUIET_RECORDS = 1000;

    /**
     * What the alarms need of the books.
     *
     * @param clicks that were looked up among the exposures; the next three are among them
     */
    private record Counts(
            long received, long clicks, long orphans, long late, long cut, long misplaced, long removals) {

        private static final Counts NONE = new Counts(0, 0, 0, 0, 0, 0, 0);

        static Counts of(Map<String, Books.Account> books) {
            long received = 0;
            long misplaced = 0;
            long removals = 0;
            for (InputTopic topic : InputTopic.FROM_PRODUCERS) {
                Books.Account account = Books.Account.of(topic, books);
                received += account.received();
                misplaced += count(account, Outcome.REJECTED.label(RejectReason.BAD_PARTITION.label()));
                removals += count(account, Outcome.REJECTED.label(RejectReason.MISPLACED_REMOVAL.label()));
            }
            Books.Account clicks = Books.Account.of(InputTopic.CLICKS, books);
            long orphans = clicks.outcome(Outcome.ORPHAN) + clicks.outcome(Outcome.ORPHAN_ATTRIBUTED);
            long late = clicks.outcome(Outcome.LATE) + clicks.outcome(Outcome.LATE_ATTRIBUTED);
            long inTime = clicks.outcome(Outcome.ATTRIBUTED)
                    + clicks.outcome(Outcome.CAPPED)
                    + clicks.outcome(Outcome.REPEATED_ACTION);
            long cut = Stream.of(Outcome.values())
                    .mapToLong(outcome -> count(clicks, outcome.label(Outcome.CUT_WEIGHT)))
                    .sum();
            return new Counts(received, inTime + late + orphans, orphans, late, cut, misplaced + removals, removals);
        }

        private static long count(Books.Account account, String label) {
            return account.outcomes().getOrDefault(label, 0L);
        }

        Counts plus(Counts other) {
            return plus(1, other);
        }

        Counts minus(Counts other) {
            return plus(-1, other);
        }

        private Counts plus(long times, Counts other) {
            return new Counts(
                    received + times * other.received,
                    clicks + times * other.clicks,
                    orphans + times * other.orphans,
                    late + times * other.late,
                    cut + times * other.cut,
                    misplaced + times * other.misplaced,
                    removals + times * other.removals);
        }

        double share(long of) {
            return clicks == 0 ? Double.NaN : (double) of / clicks;
        }
    }

    private final InputAlarmSettings settings;
    private final Map<String, Counts> parts = new HashMap<>();
    private Counts total = Counts.NONE;
    private Counts windowBegin = Counts.NONE;
    private Counts lastClicks = Counts.NONE;
    private Counts lastMisplaced = Counts.NONE;
    private double farItems = Double.NaN;
    private boolean isPlaced = true;
    private List<State> states;

    public InputAlarms(InputAlarmSettings settings) {
        this.settings = settings;
        this.states = measured();
    }

    /** Returns the alarms, active and others. */
    public synchronized List<State> states() {
        return states;
    }

    /**
     * Takes the books of one part.
     *
     * @param farShare of items whose time is more than a week ahead, if the part knows
     * @param isOld true for books from before this process, of whose clicks and records nothing is said any more
     * @return alarms that begin or end with this
     */
    public synchronized List<State> take(
            String part, Map<String, Books.Account> books, OptionalDouble farShare, boolean isOld) {
        farItems = farShare.orElse(farItems);
        Counts now = Counts.of(books);
        Counts before = parts.put(part, now);
        total = total.plus(before == null ? now : now.minus(before));
        if (isOld) {
            windowBegin = total;
            lastMisplaced = total;
        }
        measureClicks();
        measurePlaces();
        List<State> changed = new ArrayList<>();
        List<State> measured = measured();
        for (int at = 0; at < measured.size(); at++) {
            if (measured.get(at).isActive() != states.get(at).isActive()) {
                changed.add(measured.get(at));
            }
        }
        states = measured;
        return changed;
    }

    private void measureClicks() {
        Counts window = total.minus(windowBegin);
        if (window.clicks() < 0) { // the application began anew
            windowBegin = total;
        } else if (window.clicks() >= CLICKS) {
            lastClicks = window;
            windowBegin = total;
        }
    }

    private void measurePlaces() {
        if (total.misplaced() > lastMisplaced.misplaced()) {
            isPlaced = false;
            lastMisplaced = total;
        } else if (Math.abs(total.received() - lastMisplaced.received()) >= QUIET_RECORDS) {
            isPlaced = true;
            lastMisplaced = total;
        }
    }

    private List<State> measured() {
        return List.of(
                share(Symptom.ORPHAN_CLICKS, lastClicks.orphans(), settings.orphanClicks()),
                share(Symptom.LATE_CLICKS, lastClicks.late(), settings.lateClicks()),
                share(Symptom.CUT_WEIGHTS, lastClicks.cut(), settings.cutWeights()),
                new State(
                        Symptom.FAR_ITEMS,
                        farItems,
                        settings.farItems(),
                        settings.farItems() > 0 && farItems > settings.farItems()),
                new State(Symptom.MISPLACED_RECORDS, total.misplaced(), 0, !isPlaced),
                new State(
                        Symptom.MISPLACED_REMOVALS,
                        total.removals(),
                        settings.misplacedRemovals(),
                        total.removals() > settings.misplacedRemovals()));
    }

    private State share(Symptom kind, long clicks, double limit) {
        double share = lastClicks.share(clicks);
        return new State(kind, share, limit, limit > 0 && share > limit);
    }
}
