package dev.millrace.experiment;

import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.DoublePredicate;
import java.util.stream.Collectors;

/** What a plan may bound of the treatment's answers, as servers tell of them. A bound that is broken takes the treatment back. */
public enum Guard {
    /** Share of the answers without an item. */
    EMPTY(1),
    /** Share of the answers to users of whom nothing is known. */
    COLD(1),
    /** Milliseconds that 99 % of the answers do not exceed. */
    P99(Guard.MOST),
    /** Distinct items of the answers over those of the generation; the one guard whose bound is the least. */
    CATALOGUE(1),
    /** Seconds since the newest vector that is answered from was published. It is no sample: the latest answer says it. */
    VECTOR_AGE(Guard.MOST);

    private static final double MOST = 1e9;
    private static final double MILLIS_A_SECOND = 1_000;

    private final double most;

    /** @param most that a bound may be */
    Guard(double most) {
        this.most = most;
    }

    /**
     * What a value is held against.
     *
     * @param isRelative whether it is a multiple of the control's value in the same window
     */
    public record Bound(double value, boolean isRelative) {

        @Override
        public String toString() {
            return value + (isRelative ? "x" : "");
        }
    }

    /** Returns the name in commands, requests, topics and reports. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Returns what it looks at; NaN if there is no answer. */
    double value(ArmAnswers of) {
        return of.answers() == 0
                ? Double.NaN
                : switch (this) {
                    case EMPTY -> of.empty() / (double) of.answers();
                    case COLD -> of.cold() / (double) of.answers();
                    case P99 -> of.p99();
                    case CATALOGUE -> of.catalogueShare();
                    case VECTOR_AGE -> of.vectorAge() / MILLIS_A_SECOND;
                };
    }

    /** Returns what each guard says of the answers. */
    public static List<Reading> readings(Experiment.Plan plan, AnswerHistory history) {
        return Arrays.stream(values())
                .map(guard -> new Reading(
                        guard,
                        Optional.ofNullable(plan.guards().get(guard)),
                        guard == VECTOR_AGE ? List.of(history.latest()) : history.windows()))
                .toList();
    }

    /**
     * What the answers say by a guard.
     *
     * @param bound of the treatment; absent if nobody asked for it
     * @param windows newest first
     */
    public record Reading(Guard guard, Optional<Bound> bound, List<AnswerWindow> windows) {

        /** Returns what is wrong, as {@code p99 = 312.0: must be at most 200.0, and was not in 2 of 3 windows}; absent if too few windows say so. */
        Optional<String> fault() {
            List<AnswerWindow> broken = windows(excess -> excess > 0);
            return bound.filter(asked -> decide(broken))
                    .map(asked -> guard.label() + " = " + value(broken.get(0), Arm.TREATMENT) + ": must be at "
                            + (guard == CATALOGUE ? "least " : "most ") + asked
                            + (asked.isRelative() ? " of the control's " + value(broken.get(0), Arm.CONTROL) : "")
                            + ", and was not in " + brokenOfAll());
        }

        /** Returns whether enough windows say that the bound holds. */
        boolean holds() {
            return decide(windows(excess -> excess <= 0));
        }

        /** Two of the last three windows decide, for the one or for the other. */
        private boolean decide(List<AnswerWindow> alike) {
            return alike.size() >= (guard == VECTOR_AGE ? 1 : 2);
        }

        /** Returns the windows by how far they are beyond the bound. One that does not say, as it lacks an arm, is NaN beyond it. */
        private List<AnswerWindow> windows(DoublePredicate is) {
            return windows.stream()
                    .filter(window -> bound.isPresent() && is.test(excess(bound.get(), window)))
                    .toList();
        }

        private double excess(Bound bound, AnswerWindow window) {
            double excess = value(window, Arm.TREATMENT)
                    - bound.value() * (bound.isRelative() ? value(window, Arm.CONTROL) : 1);
            return guard == CATALOGUE ? -excess : excess;
        }

        private double value(AnswerWindow window, Arm arm) {
            return guard.value(window.of(arm));
        }

        private String brokenOfAll() {
            return windows(excess -> excess > 0).size() + " of "
                    + windows(excess -> !Double.isNaN(excess)).size() + " windows";
        }

        /** Returns it by name, with the values of the newest window, for commands and pages; what is not known is left out. */
        public Map<String, Object> members() {
            Map<String, Object> members = new LinkedHashMap<>();
            members.put("guard", guard.label());
            for (Arm arm : Arm.values()) {
                windows.stream()
                        .limit(1)
                        .map(newest -> value(newest, arm))
                        .filter(value -> !value.isNaN())
                        .forEach(value -> members.put(arm.label(), value));
            }
            bound.ifPresent(asked -> {
                members.put("bound", asked.toString());
                members.put("broken", brokenOfAll());
            });
            return members;
        }
    }

    /** @throws IllegalArgumentException if a bound is none of its guard */
    static void check(Map<Guard, Bound> bounds) {
        bounds.forEach((guard, bound) -> {
            double most = bound.isRelative() ? MOST : guard.most;
            if (!(bound.value() >= 0 && bound.value() <= most)) {
                throw new IllegalArgumentException("guard = " + guard.label() + "=" + bound
                        + ": must be a number from 0 to " + (most == 1 ? "1" : "1e9"));
            }
        });
    }

    /**
     * Returns the bounds of texts like {@code p99=200}, or {@code p99=1.5x} for one and a half times the control's.
     *
     * @throws IllegalArgumentException if one is no guard's, or is given twice
     */
    public static SortedMap<Guard, Bound> bounds(Collection<String> texts) {
        SortedMap<Guard, Bound> bounds = new TreeMap<>();
        for (String text : texts) {
            int split = text.indexOf('=');
            Guard guard = Arrays.stream(values())
                    .filter(one -> one.label().equals(text.substring(0, Math.max(0, split))))
                    .findFirst()
                    .orElseThrow(
                            () -> new IllegalArgumentException("guard = " + text + ": must be NAME=BOUND, with one of "
                                    + Arrays.stream(values()).map(Guard::label).collect(Collectors.joining(", "))));
            boolean isRelative = text.endsWith("x");
            double bound;
            try {
                bound = Double.parseDouble(text.substring(split + 1, text.length() - (isRelative ? 1 : 0)));
            } catch (NumberFormatException none) {
                throw new IllegalArgumentException("guard = " + text + ": must have a number behind =", none);
            }
            if (bounds.put(guard, new Bound(bound, isRelative)) != null) {
                throw new IllegalArgumentException("guard = " + text + ": must be given once");
            }
        }
        return bounds;
    }

    /** Returns bounds as {@link #bounds} reads them, with commas between. */
    static String text(SortedMap<Guard, Bound> bounds) {
        return bounds.entrySet().stream()
                .map(one -> one.getKey().label() + "=" + one.getValue())
                .collect(Collectors.joining(","));
    }
}
