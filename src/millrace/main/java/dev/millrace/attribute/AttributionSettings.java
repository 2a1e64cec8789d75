package dev.millrace.attribute;

import dev.millrace.event.Click;
import dev.millrace.experiment.Experiment;
import dev.millrace.settings.KeptSettings;
import dev.millrace.settings.SettingsReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.CRC32C;

/**
 * How clicks find their exposures.
 *
 * @param maxAhead without it, one event dated next year would end all open windows
 */
public record AttributionSettings(
        Mode mode,
        Set<String> actions,
        Hiding hiding,
        Duration window,
        Duration clickWait,
        Duration maxSkew,
        Duration maxAhead,
        Late late,
        Duration deduplicationWindow,
        int historyLength,
        Unclicked unclicked,
        Duration expireUsersAfter,
        Placement placement,
        ContributionCaps caps,
        Weights weights) {

    /**
     * How users hide items from their own answers.
     *
     * @param actions that hide the item
     * @param undo actions that bring it back
     * @param time for which it is hidden
     * @param passed time for which an item is left out that was shown and not clicked
     */
    public record Hiding(Set<String> actions, Set<String> undo, Duration time, Duration passed) {

        public Hiding {
            actions = Set.copyOf(actions);
            undo = Set.copyOf(undo);
        }

        private static Hiding read(SettingsReader reader) {
            return new Hiding(
                    Set.copyOf(reader.names(
                            "attribution.negative-actions: actions such as hide or dislike: such a click hides its item from "
                                    + "its user, and is a negative example")),
                    Set.copyOf(reader.names("attribution.undo-actions: actions that bring a hidden item back")),
                    reader.duration(
                            "attribution.hide-for = 90d in [1s, 36500d]: event time for which an item is hidden"),
                    reader.duration(
                            "attribution.hide-passed-for = 0s in [0s, 36500d]: event time for which an item is left out of a "
                                    + "user's answers that the user was shown and did not click within attribution.window; "
                                    + "0s: none is"));
        }

        /** Bytes of a user's hidden and passed items in a record, at most. */
        public int mostBytes() {
            return mostHiddenBytes() + (passed.isZero() ? 0 : PassedItems.MOST_BYTES);
        }

        private int mostHiddenBytes() {
            return actions.isEmpty()
                    ? 0
                    : ProfileAndHistory.MOST_HIDDEN_BYTES + Integer.BYTES * ProfileAndHistory.MOST_HIDDEN;
        }

        /** Bytes of the hidden ones in the user's state, with their times, at most. */
        public int mostStoredBytes() {
            return actions.isEmpty() ? 0 : mostHiddenBytes() + 2 * Long.BYTES * ProfileAndHistory.MOST_HIDDEN;
        }
    }

    /** Which exposures that were not clicked become examples. */
    public record Unclicked(double share, long seed) {

        static Unclicked read(SettingsReader reader) {
            double weight = reader.number(
                    "negatives.exposed = 0 in [0, 100]: weight of an exposure without a click as a negative example; "
                            + "0: such exposures are no examples");
            double share = reader.number(
                    "negatives.exposed.sample = 0.05 in [0, 1]: share of the exposures without a click that become examples");
            long seed = reader.longInteger(
                    "model.seed = 1 in [-9223372036854775808, 9223372036854775807]: of every initial weight and every draw");
            return new Unclicked(weight > 0 ? share : 0, seed);
        }

        /**
         * Returns true if that exposure becomes an example: CRC-32C of {@code seed NUL user NUL item NUL id} over 2^32
         * is below the share.
         */
        boolean takes(String user, String item, String id) {
            if (share == 0) {
                return false;
            }
            CRC32C crc = new CRC32C();
            crc.update((seed + "\0" + user + '\0' + item + '\0' + id).getBytes(StandardCharsets.UTF_8));
            return crc.getValue() < share * 0x1p32;
        }
    }

    /**
     * What a click weighs beside its own weight.
     *
     * @param byAction weight of each action that makes an example
     * @param number name of the number in a click's context that says what the click is worth
     */
    public record Weights(Map<String, Double> byAction, Optional<String> number) {

        private static final String FROM = "from"; // an action of this name has weight 1

        public Weights {
            byAction = Map.copyOf(byAction);
        }

        /** @param actions that make examples */
        private static Weights read(SettingsReader reader, Set<String> actions, ContributionCaps caps) {
            Map<String, Double> byAction = new HashMap<>();
            for (String action : actions) {
                if (!action.equals(FROM)) {
                    SettingsReader own = reader.named(action);
                    double weight = own.number(
                            "attribution.weight.<action> = 1 in [0.05, 1000000]: weight of each click with that action, one of "
                                    + "attribution.actions or attribution.negative-actions; times the click's own");
                    own.require(
                            weight <= Math.max(1, caps.most()),
                            "attribution.weight.<action>: must be at most the least of attribution.max-weight, "
                                    + "attribution.cap.user-item and attribution.cap.user, beyond which no click counts");
                    byAction.put(action, weight);
                }
            }
            return new Weights(
                    byAction,
                    Optional.of(reader.text(
                                    "attribution.weight.from: name of a number in the context of clicks, such as seconds watched or "
                                            + "a price, whose logarithm they weigh: 1 for the median of recent users, cut at their "
                                            + "90th percentile; empty: none"))
                            .filter(name -> !name.isEmpty()));
        }

        double of(String action) {
            return byAction.getOrDefault(action, 1.0);
        }
    }

    /** Layout of the state, kept with its settings: a build of another layout refuses it. */
    private static final String LAYOUT = "3";

    /** Whether clicks have exposures. */
    public enum Mode {
        /** A click answers an exposure and takes the features of that moment. */
        EXPOSURES,
        /** The log has only clicks: each is its own exposure. */
        CLICKS_ONLY
    }

    /** What happens to a click without an open exposure. */
    public enum Late {
        /** It is only counted. */
        DROP,
        /** It is counted, and learnt with the features of its own moment. */
        POSITIVE
    }

    /** Which partition of its topic a record must be in. */
    public enum Placement {
        /** The one that Kafka's default partitioner gives its key. */
        MURMUR2,
        /** Any: producers see to it that all records of one key are in one partition, of one number in all topics of users. */
        ANY
    }

    public AttributionSettings {
        actions = Set.copyOf(actions);
    }

    /** Returns what the goal of an experiment is divided by: a log without exposures has users alone. */
    public Experiment.Per goalPer() {
        return mode == Mode.CLICKS_ONLY ? Experiment.Per.USER : Experiment.Per.EXPOSURE;
    }

    /** Returns why an action cannot be the goal of an experiment; absent if it can. */
    public Optional<String> refusesGoal(String action) {
        return actions.contains(action)
                ? Optional.empty()
                : Optional.of("must be one of attribution.actions: " + String.join(", ", new TreeSet<>(actions)));
    }

    /** Returns true if clicks of that action are more than counted. */
    boolean isHeard(String action) {
        return actions.contains(action) || hiding.actions.contains(action) || hiding.undo.contains(action);
    }

    /** Returns the last moment of an exposure's window. */
    long windowEnd(long exposureTime) {
        return exposureTime + window.toMillis();
    }

    /** Returns the last moment at which a click waits for its exposure. */
    long waitEnd(long clickTime) {
        return clickTime + clickWait.toMillis();
    }

    /** Returns by how much an example may be late and still count as of its own time: a click may wait, and windows are that long. */
    long countedLateMillis() {
        return window.toMillis() + clickWait.toMillis();
    }

    /** Returns the last moment at which an event's id is remembered. */
    long deduplicationEnd(long eventTime) {
        return eventTime + deduplicationWindow.toMillis();
    }

    /** Returns the event time after which an exposure is forgotten: it is closed first, and goes one timer later. */
    long forgottenAfter(long exposureTime) {
        return deduplicationEnd(exposureTime) + 1;
    }

    /** Returns true if a click is within the window of an exposure of that time, as it must be to answer one that it does not name. */
    public boolean covers(long exposureTime, Click click) {
        return exposureTime <= click.time() && click.time() <= windowEnd(exposureTime);
    }

    /** Actions that make a positive example. */
    public static List<String> actions(SettingsReader reader) {
        return reader.names(
                "attribution.actions = click: actions that make a positive example; others are only counted");
    }

    /** Those that the bits of the attribution's state depend on. */
    public static KeptSettings kept(Map<String, String> given) {
        SortedMap<String, String> texts =
                new TreeMap<>(KeptSettings.of(given, AttributionSettings::read).texts());
        texts.put("attribution.layout", LAYOUT);
        return new KeptSettings(texts);
    }

    /** Reads the settings of an attribution. Faults are the reader's to report. */
    public static AttributionSettings read(SettingsReader reader) {
        Set<String> positive = Set.copyOf(actions(reader));
        Hiding hiding = Hiding.read(reader);
        Set<String> learnt = new TreeSet<>(positive); // faults come in its order
        learnt.addAll(hiding.actions);
        ContributionCaps caps = ContributionCaps.read(reader);
        AttributionSettings settings = new AttributionSettings(
                reader.choice(
                        "attribution.mode: exposures: clicks are joined to exposures; clicks-only: the log has no "
                                + "exposures, and each click counts as an exposure too",
                        Mode.EXPOSURES),
                positive,
                hiding,
                reader.duration(
                        "attribution.window = 30m in [1ms, 365d]: event time after an exposure in which an action is "
                                + "attributed to it"),
                reader.duration("attribution.click-wait = 5m in [1ms, 365d]: event time for which a click waits for an "
                        + "exposure that arrives later"),
                reader.duration(
                        "attribution.max-skew = 1d in [0s, 365d]: how far exposures and clicks may be apart in event "
                                + "time; beyond it, the topic that is ahead decides alone when windows end"),
                reader.free(free -> free.duration(
                        "attribution.max-ahead = 1h in [0s, 365d]: how far an event's time may be ahead of the wall "
                                + "clock; events further ahead are rejected. A clock that is set back rejects "
                                + "nothing, because the latest clock time seen is used")),
                reader.choice(
                        "attribution.late: what becomes of a click after the window or without an exposure: only "
                                + "counted (drop), or learnt with the features at its own time (positive)",
                        Late.DROP),
                reader.duration(
                        "attribution.deduplication-window = 1d in [1ms, 365d]: event time for which event ids are "
                                + "remembered; a repeat within it is a duplicate"),
                reader.integer("history.length = 200 in [1, 10000]: clicked items kept per user, latest first"),
                Unclicked.read(reader),
                reader.duration(
                        "users.expire-after = 365d in [0s, 36500d]: event time after which profile, history and "
                                + "counters of a user without events are removed; 0s: never"),
                reader.free(free -> free.choice(
                        "attribution.partitions: murmur2: input records outside the partition of Kafka's default "
                                + "partitioner are rejected; any: partitions are not checked, for producers with one "
                                + "partitioner of their own",
                        Placement.MURMUR2)),
                caps,
                Weights.read(reader, learnt, caps));
        reader.require(
                settings.deduplicationWindow.compareTo(settings.window) >= 0,
                "attribution.deduplication-window",
                settings.deduplicationWindow,
                "must be at least attribution.window, an open exposure is found by its id");
        Set<String> taken = new HashSet<>(settings.actions);
        settings.hiding.actions.forEach(action -> reader.require(
                taken.add(action),
                "attribution.negative-actions",
                action,
                "must not be among attribution.actions, which are positive"));
        settings.hiding.undo.forEach(action -> reader.require(
                taken.add(action),
                "attribution.undo-actions",
                action,
                "must not be among attribution.actions and attribution.negative-actions"));
        reader.require(
                settings.expireUsersAfter.isZero()
                        || settings.expireUsersAfter.compareTo(settings.deduplicationWindow) >= 0,
                "users.expire-after",
                settings.expireUsersAfter,
                "must be 0s or at least attribution.deduplication-window, what is open needs its user");
        return settings;
    }
}
