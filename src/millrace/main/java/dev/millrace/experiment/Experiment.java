package dev.millrace.experiment;

import dev.millrace.state.Sha256;
import dev.millrace.state.Utf8;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * An experiment with all its stages so far: two generations answer, each a share of the users, until one is shown to be better.
 *
 * <p>A user's arm depends on the salt, the user's id and the stage's share alone. Arms are nested: with a larger share more users get the
 * treatment, and nobody goes back to the control.
 *
 * @param salt decides, with the user's id, who is in which arm
 * @param stages in their order, at least one
 * @param end absent while the experiment runs
 */
public record Experiment(
        String name, String control, String treatment, String salt, Plan plan, List<Stage> stages, Optional<End> end) {

    /** Most stages that an experiment may have: what a user did is kept for each. */
    public static final int MOST_STAGES = 8;

    private static final int MOST_USER_BITS = 53; // that a double has
    private static final double PERCENT = 100;

    /**
     * What the experiment is to do.
     *
     * @param action whose number is the goal
     * @param per by what the number is divided
     * @param uplift relative change of the goal that is looked for: it sets how soon a change of that size is found, not whether
     * @param error probability, over the whole experiment, that it decides although the arms are alike
     * @param ramp share of the treatment in each stage, in percent, increasing
     * @param every least time that a stage lasts, unless it decides
     * @param maxAge how long the treatment's learner may be silent while others are not; how old counts and servers' words may be that promote
     * @param guards bounds of what servers tell of the treatment's answers
     */
    public record Plan(
            String action,
            Per per,
            double uplift,
            double error,
            List<Double> ramp,
            Duration every,
            Duration maxAge,
            SortedMap<Guard, Guard.Bound> guards) {

        // what orders leave out, as texts that a command's options can name
        public static final String ACTION = "click";
        public static final String UPLIFT = "0.02";
        public static final String ERROR = "0.05";
        public static final String EVERY = "1h";
        public static final String MAX_AGE = "10m";

        public Plan {
            ramp = List.copyOf(ramp);
            guards = Collections.unmodifiableSortedMap(new TreeMap<>(guards));
            Guard.check(guards);
            require(!action.isBlank() && action.indexOf('\n') < 0, "action", action, "must be the name of an action");
            require(uplift >= 0.001 && uplift <= 1, "uplift", uplift, "must be in [0.001, 1]");
            require(error >= 0.0001 && error <= 0.5, "error", error, "must be in [0.0001, 0.5]");
            require(
                    !ramp.isEmpty() && ramp.size() <= MOST_STAGES,
                    "ramp",
                    ramp,
                    "must have 1 to " + MOST_STAGES + " shares");
            for (int at = 0; at < ramp.size(); at++) {
                double share = ramp.get(at);
                require(share > 0 && share < PERCENT, "ramp", share, "must be above 0 and below 100 percent");
                require(
                        at == 0 || share > ramp.get(at - 1),
                        "ramp",
                        ramp,
                        "must increase: nobody goes back to the control");
            }
            require(!every.isNegative() && !every.isZero(), "every", every, "must be above 0");
            require(!maxAge.isNegative() && !maxAge.isZero(), "max-age", maxAge, "must be above 0");
        }

        /** Creates a plan whose goal is actions per exposure, and that bounds nothing of what servers tell. */
        public Plan(String action, double uplift, double error, List<Double> ramp, Duration every, Duration maxAge) {
            this(action, Per.EXPOSURE, uplift, error, ramp, every, maxAge, new TreeMap<>());
        }

        /** Returns the same plan with bounds. */
        public Plan guardedBy(SortedMap<Guard, Guard.Bound> bounds) {
            return new Plan(action, per, uplift, error, ramp, every, maxAge, bounds);
        }

        /** Returns this plan with its action by something else. */
        public Plan per(Per other) {
            return new Plan(action, other, uplift, error, ramp, every, maxAge, guards);
        }

        /** Returns the goal in words: click per exposure. */
        public String goal() {
            return action + " per " + per.text();
        }

        /** Returns how many exposures an arm has in a stage; if the goal is by user, the arm's share of the users who acted in either. */
        double size(ExperimentSums sums, Arm arm, int stage) {
            if (per == Per.EXPOSURE) {
                return sums.exposures(arm, stage);
            }
            double treated = stage < ramp.size() ? ramp.get(stage) / PERCENT : 0;
            long users = sums.users(Arm.CONTROL, stage) + sums.users(Arm.TREATMENT, stage);
            return users * (arm == Arm.TREATMENT ? treated : 1 - treated);
        }

        /** Returns how many users of equal weight tell as much of an arm as its users do. */
        double effectiveUsers(ExperimentSums sums, Arm arm, int stage) {
            return per == Per.EXPOSURE ? sums.effectiveUsers(arm, stage) : sums.effectiveActors(arm, stage);
        }

        /** Returns the goals of an arm in a stage over its {@link #size}; 0 without any. */
        public double rate(ExperimentSums sums, Arm arm, int stage) {
            double size = size(sums, arm, stage);
            return size == 0 ? 0 : sums.goals(arm, stage) / size;
        }
    }

    /** What the goal is divided by. */
    public enum Per {
        /** An exposure that counts. */
        EXPOSURE,
        /** A user of the arm, whether the user acts or not: an arm has its share of all users. */
        USER;

        /** Returns the name in orders and topics. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }

        static Per of(String text) {
            return Arrays.stream(values())
                    .filter(one -> one.text().equals(text))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("per = " + text + ": must be exposure or user"));
        }
    }

    /**
     * A time of constant shares.
     *
     * @param percent of the users who get the treatment
     * @param at when it was ordered, epoch milliseconds
     */
    public record Stage(double percent, long at) {}

    /** How an experiment ended. */
    public enum Result {
        /** The treatment answers all. */
        PROMOTED,
        /** The control answers all, because the treatment is worse. */
        ROLLED_BACK,
        /** The control answers all, because an operator said so. */
        STOPPED
    }

    /** @param why in a sentence */
    public record End(Result result, long at, String why) {

        public End {
            require(why.indexOf('\n') < 0, "why", why, "must be one line");
        }
    }

    public Experiment {
        stages = List.copyOf(stages);
        require(name.matches("[a-z0-9][a-z0-9-]{0,63}"), "name", name, "must be 1 to 64 of a-z, 0-9 and dashes");
        require(!control.equals(treatment), "treatment", treatment, "must be another generation than the control");
        for (String generation : List.of(control, treatment)) {
            require(!generation.isBlank() && generation.indexOf('\n') < 0, "generation", generation, "must be a name");
        }
        require(!salt.isBlank() && salt.indexOf('\n') < 0, "salt", salt, "must be one line of text");
        require(
                !stages.isEmpty() && stages.size() <= plan.ramp().size(),
                "stages",
                stages.size(),
                "must be at least 1, and no more than the ramp has");
    }

    private static void require(boolean holds, String what, Object value, String rule) {
        if (!holds) {
            throw new IllegalArgumentException(what + " = " + value + ": " + rule);
        }
    }

    /** Starts an experiment with the first share of its ramp. */
    public static Experiment started(String name, String control, String treatment, String salt, Plan plan, long at) {
        return new Experiment(
                name,
                control,
                treatment,
                salt,
                plan,
                List.of(new Stage(plan.ramp().get(0), at)),
                Optional.empty());
    }

    public boolean isRunning() {
        return end.isEmpty();
    }

    /** Returns the number of the stage that it is in, from 0. */
    public int stage() {
        return stages.size() - 1;
    }

    /** Returns whether the ramp has a stage more. */
    public boolean canRamp() {
        return isRunning() && stages.size() < plan.ramp().size();
    }

    /** Returns it with the next stage of its ramp. */
    public Experiment ramped(long at) {
        List<Stage> more = new ArrayList<>(stages);
        more.add(new Stage(plan.ramp().get(stages.size()), at));
        return new Experiment(name, control, treatment, salt, plan, more, end);
    }

    public Experiment ended(Result result, long at, String why) {
        return new Experiment(name, control, treatment, salt, plan, stages, Optional.of(new End(result, at, why)));
    }

    /**
     * Returns the arm of a user in the present stage: the treatment, if the first 53 bits of SHA-256 over {@code salt NUL user} are, as a fraction, below
     * its share.
     */
    public Arm arm(String user) {
        long bits = ByteBuffer.wrap(Sha256.start().digest(Utf8.bytes(salt + '\0' + user)))
                .getLong();
        double fraction = (bits >>> (Long.SIZE - MOST_USER_BITS)) * 0x1p-53;
        return fraction * PERCENT < stages.get(stage()).percent() ? Arm.TREATMENT : Arm.CONTROL;
    }

    /** Returns the generation that answers a user. */
    public String generation(Arm arm) {
        return arm == Arm.CONTROL ? control : treatment;
    }

    /** Returns whether it is the same experiment as another one, at whatever stages both are. */
    public boolean isSameAs(Experiment other) {
        return name.equals(other.name) && salt.equals(other.salt);
    }

    /**
     * Returns whether this is one step further than another: one stage more, or its end. So of two orders that follow the same state, the first in the
     * log counts, and the other does nothing.
     */
    public boolean follows(Experiment before) {
        int added = stages.size() - before.stages.size();
        return isSameAs(before)
                && before.isRunning()
                && added >= 0
                && stages.subList(0, before.stages.size()).equals(before.stages)
                && (isRunning() ? added == 1 : added == 0);
    }

    /** Returns it as texts by key. */
    public SortedMap<String, String> texts() {
        SortedMap<String, String> texts = new TreeMap<>();
        texts.put("name", name);
        texts.put("control", control);
        texts.put("treatment", treatment);
        texts.put("salt", salt);
        texts.put("action", plan.action());
        texts.put("per", plan.per().text());
        texts.put("uplift", Double.toString(plan.uplift()));
        texts.put("error", Double.toString(plan.error()));
        texts.put("ramp", plan.ramp().stream().map(String::valueOf).collect(Collectors.joining(",")));
        texts.put("every", plan.every().toString());
        texts.put("max-age", plan.maxAge().toString());
        if (!plan.guards().isEmpty()) {
            texts.put("guards", Guard.text(plan.guards()));
        }
        texts.put(
                "stages",
                stages.stream().map(stage -> stage.percent() + "@" + stage.at()).collect(Collectors.joining(",")));
        end.ifPresent(how -> {
            texts.put("end", how.result().name().toLowerCase(Locale.ROOT) + "@" + how.at());
            texts.put("why", how.why());
        });
        return texts;
    }

    /** Returns it as lines of text, each a key and its value. */
    public String lines() {
        return texts().entrySet().stream()
                .map(one -> one.getKey() + "=" + one.getValue())
                .collect(Collectors.joining("\n"));
    }

    /** @throws IllegalArgumentException if the lines are not those of an experiment */
    public static Experiment ofLines(String lines) {
        Map<String, String> texts = new TreeMap<>();
        for (String line : lines.split("\n")) {
            int split = line.indexOf('=');
            require(split > 0, "line", line, "must be a key, = and a value");
            texts.put(line.substring(0, split), line.substring(split + 1));
        }
        return of(texts);
    }

    /** @throws IllegalArgumentException if the texts are not those of an experiment */
    public static Experiment of(Map<String, String> texts) {
        try {
            Plan plan = new Plan(
                    text(texts, "action"),
                    Per.of(texts.getOrDefault("per", Per.EXPOSURE.text())),
                    Double.parseDouble(text(texts, "uplift")),
                    Double.parseDouble(text(texts, "error")),
                    Arrays.stream(text(texts, "ramp").split(","))
                            .map(Double::valueOf)
                            .toList(),
                    Duration.parse(text(texts, "every")),
                    Duration.parse(text(texts, "max-age")),
                    Guard.bounds(Optional.ofNullable(texts.get("guards"))
                            .map(guards -> List.of(guards.split(",")))
                            .orElse(List.of())));
            List<Stage> stages = Arrays.stream(text(texts, "stages").split(","))
                    .map(stage -> new Stage(Double.parseDouble(before(stage)), Long.parseLong(behind(stage))))
                    .toList();
            Optional<End> end = Optional.ofNullable(texts.get("end"))
                    .map(how -> new End(
                            Result.valueOf(before(how).toUpperCase(Locale.ROOT)),
                            Long.parseLong(behind(how)),
                            text(texts, "why")));
            return new Experiment(
                    text(texts, "name"),
                    text(texts, "control"),
                    text(texts, "treatment"),
                    text(texts, "salt"),
                    plan,
                    stages,
                    end);
        } catch (DateTimeParseException | NumberFormatException unreadable) {
            throw new IllegalArgumentException(
                    "an experiment has a value that cannot be read: " + unreadable.getMessage());
        }
    }

    private static String text(Map<String, String> texts, String key) {
        return Optional.ofNullable(texts.get(key))
                .orElseThrow(() -> new IllegalArgumentException(
                        "an experiment has no " + key + ", only " + Collections.unmodifiableSet(texts.keySet())));
    }

    private static String before(String pair) {
        return pair.substring(0, Math.max(0, pair.indexOf('@')));
    }

    private static String behind(String pair) {
        return pair.substring(pair.indexOf('@') + 1);
    }
}
