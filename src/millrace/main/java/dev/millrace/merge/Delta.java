package dev.millrace.merge;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.SharedNumbers;
import dev.millrace.model.SharedNumbers.Change;
import dev.millrace.model.StepReport;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Form;
import dev.millrace.state.Sha256;
import java.util.List;

/**
 * What a shard learnt between two cuts. It names no user: of one whose example counts it has a digest.
 *
 * @param changes what to add to shared numbers; of a table, in the order in which its rows were touched
 * @param counted examples that count as positives, in the order of the shard's log
 * @param removedUsers digests of users who were removed
 */
public record Delta(
        Origin origin, Steps steps, List<Change> changes, List<Counted> counted, List<String> removedUsers) {

    /** Largest number of changes of one delta, and of its counted examples. */
    static final int MOST_PARTS = 1 << 22;

    /** Hexadecimal digits of a user's digest. */
    private static final int DIGEST_DIGITS = 16;

    /**
     * Where a delta is from.
     *
     * @param generation lineage of the weights
     * @param shard number of the shard, from 0
     * @param number of the delta among those of its shard, from 1, without gaps
     * @param round of the base that the shard had when it learnt this
     */
    public record Origin(String generation, int shard, long number, long round) {

        private static final Origin NONE = new Origin("", 0, 1, 0);

        public Origin {
            if (shard < 0 || number < 1 || round < 0) {
                throw new CorruptEntryException("delta " + number + " of shard " + shard + ", learnt on round " + round
                        + ": a delta counts from 1, its shard and round from 0");
            }
        }

        private Origin fields(Form form) {
            return new Origin(
                    form.text(generation), form.integer(shard), form.longInteger(number), form.longInteger(round));
        }
    }

    /**
     * The steps of a shard that a delta is of.
     *
     * @param first of the shard's log
     * @param last at least {@code first}
     * @param examples number of examples learnt
     * @param latestTime latest event time of these, epoch milliseconds; 0 if there are none
     * @param report mean of their reports
     */
    public record Steps(long first, long last, long examples, long latestTime, StepReport report) {

        private static final Steps NONE = new Steps(1, 1, 0, 0, StepReport.mean(List.of(), 1));

        public Steps {
            if (first < 1 || last < first || examples < 0) {
                throw new CorruptEntryException("a delta of " + examples + " examples of steps " + first + " to " + last
                        + ": the first must be at least 1, and none after the last");
            }
        }

        private Steps fields(Form form) {
            return new Steps(
                    form.longInteger(first),
                    form.longInteger(last),
                    form.longInteger(examples),
                    form.longInteger(latestTime),
                    report.fields(form));
        }
    }

    /**
     * An example that counts as a positive, and as a question of an exam.
     *
     * @param user digest of the user
     * @param history items of the user's last clicks before, latest first
     * @param vector [dim] the user's query vector before the shard learnt the example
     */
    public record Counted(
            String user, String item, String action, long time, long producedAt, List<String> history, float[] vector) {

        private static final long MOST_BYTES_A_CHARACTER = 3;
        private static final long A_PLACE = 4; // of a text among others
        private static final long NUMBERS_BYTES = 64;

        private static final Counted NONE = new Counted("", "", "", 0, 0, List.of(), new float[0]);

        public Counted {
            history = List.copyOf(history);
        }

        static Counted of(TrainingExample example, float[] vector) {
            return new Counted(
                    digest(example.user().user()),
                    example.item(),
                    example.action(),
                    example.time(),
                    example.producedAt(),
                    example.user().history(),
                    vector);
        }

        /** Returns the most bytes that it takes in a round. */
        long largestBytes() {
            long characters = (long) user.length() + item.length() + action.length();
            for (String one : history) {
                characters += one.length() + A_PLACE;
            }
            return MOST_BYTES_A_CHARACTER * characters + NUMBERS_BYTES;
        }

        /** Returns the example as the base counts it. */
        TrainingExample example() {
            UserFeatures features = new UserFeatures(user, time, Features.NONE, history);
            return new TrainingExample("", features, Features.NONE, item, action, 1, time, producedAt);
        }

        private Counted fields(Form form) {
            return new Counted(
                    form.text(user),
                    form.text(item),
                    form.text(action),
                    form.longInteger(time),
                    form.longInteger(producedAt),
                    form.texts(history),
                    form.floats(vector));
        }
    }

    private static final Delta NONE = new Delta(Origin.NONE, Steps.NONE, List.of(), List.of(), List.of());
    private static final Change NO_CHANGE = new Change(new byte[0], new double[0]);

    public Delta {
        changes = List.copyOf(changes);
        counted = List.copyOf(counted);
        removedUsers = List.copyOf(removedUsers);
        if (Math.max(changes.size(), counted.size()) > MOST_PARTS) {
            throw new CorruptEntryException("a delta of " + changes.size() + " changes and " + counted.size()
                    + " examples: of each it must have at most " + MOST_PARTS);
        }
    }

    /** Returns what stands for a user: neighbours that were learnt by a learner alone know the same one. */
    static String digest(String user) {
        return NeighbourList.DIGEST_MARK + Sha256.hex(user).substring(0, DIGEST_DIGITS);
    }

    /** Returns whether all that is to be added is finite. */
    boolean isFinite() {
        for (Change change : changes) {
            for (double number : change.numbers()) {
                if (!Double.isFinite(number)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Returns the most bytes that its examples take in a round. */
    long examplesBytes() {
        return counted.stream().mapToLong(Counted::largestBytes).sum();
    }

    Delta withChanges(List<Change> others) {
        return new Delta(origin, steps, others, counted, removedUsers);
    }

    /** Returns the framed bytes. Their SHA-256 names the delta. */
    public byte[] encoded() {
        return Form.written(this::fields);
    }

    /** @throws CorruptEntryException if the bytes are not those of a delta */
    public static Delta decoded(byte[] bytes) {
        return Form.read(bytes, form -> {
            Delta delta = NONE.fields(form);
            if (form.goesOn(false)) {
                throw new CorruptEntryException("a delta goes on behind its last field");
            }
            return delta;
        });
    }

    private Delta fields(Form form) {
        return new Delta(
                origin.fields(form),
                steps.fields(form),
                form.list(changes, NO_CHANGE, Delta::change),
                form.list(counted, Counted.NONE, (each, example) -> example.fields(each)),
                form.texts(removedUsers));
    }

    private static Change change(Form form, Change change) {
        byte[] key = form.bytes(change.key());
        if (!SharedNumbers.areFloats(key)) {
            double[] numbers = form.isRead() ? new double[form.count(0)] : change.numbers();
            if (!form.isRead()) {
                form.count(numbers.length);
            }
            form.numbers(numbers);
            return new Change(key, numbers);
        }
        float[] floats = new float[change.numbers().length];
        for (int at = 0; at < floats.length; at++) {
            floats[at] = (float) change.numbers()[at];
        }
        float[] read = form.floats(floats);
        double[] numbers = new double[read.length];
        for (int at = 0; at < numbers.length; at++) {
            numbers[at] = read[at];
        }
        return new Change(key, numbers);
    }
}
